// The roofline: a dot for every dispatch that computes, under its roofs; names that do not lie on one another.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { rooflineSvg } from "../../src/report/charts/roofline-chart.ts";
import { profiledLenet } from "../support/profiled-step.ts";

const test = suite("roofline");

interface Text {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly isLeft: boolean;
}

/** The names of dispatches, as the SVG places them. */
function labelsOf(svg: string, layers: readonly string[]): Text[] {
  const found = svg.matchAll(
    /text-anchor="(start|end)" transform="translate\(([-\d.]+),([-\d.]+)\)"[^>]*>([^<]+)<\/text>/g,
  );
  return [...found]
    .map(([, anchor, x, y, text = ""]) => ({
      ...{ x: Number(x), y: Number(y), text },
      isLeft: anchor === "start",
    }))
    .filter(({ text }) => layers.includes(text.split(" ")[0] ?? ""));
}

test("dots, roofs and names", async () => {
  const { profile } = await profiledLenet("timestamps");
  const svg = await rooflineSvg(profile);
  assert.not.match(svg, "NaN");
  assert.match(svg, `Roofline of ${profile.program}`);
  assert.match(svg, /between registers: \d+ GFLOPS/);
  assert.match(svg, /in caches: [\d.]+ GB\/s/);
  const dots = svg.match(/aria-roledescription="circle"/g)?.length ?? 0;
  assert.is(dots, profile.dispatches.filter(({ usefulFlops }) => usefulFlops > 0).length);
  assert.is(await rooflineSvg(profile), svg);
});

test("names lie beside one another", async () => {
  const { profile } = await profiledLenet("timestamps");
  const layers = profile.dispatches.flatMap(({ layer }) => layer ?? []);
  const labels = labelsOf(await rooflineSvg(profile), layers);
  assert.ok(labels.length >= 4, `${labels.length} names`);
  const boxes = labels.map(({ x, y, text, isLeft }) => {
    const width = 6.2 * text.length;
    const left = isLeft ? x : x - width;
    return { text, left, right: left + width, top: y - 9, bottom: y + 1 };
  });
  for (const [index, a] of boxes.entries()) {
    for (const b of boxes.slice(index + 1)) {
      const apart =
        a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      assert.ok(apart, `${a.text} and ${b.text}`);
    }
  }
});

test("a step of one dispatch, or of none, is drawn too", async () => {
  const { profile } = await profiledLenet("timestamps");
  const [one] = profile.dispatches.filter(({ usefulFlops }) => usefulFlops > 0);
  for (const dispatches of [[], one ? [one] : []]) {
    assert.not.match(await rooflineSvg({ ...profile, dispatches }), "NaN");
  }
});

test.run();
