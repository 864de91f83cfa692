// Figures in coloured cells can be read whatever the colour: WCAG AA, 4.5:1, over every share in the charts that a report has, whose ground is
// white in light and in dark, and over every depth in the page's confusion matrix, in both schemes.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { depthOf } from "../../src/page/live/pictures.ts";
import { THEME_CSS } from "../../src/page/theme.ts";
import { agreementSvg } from "../../src/report/charts/compare-charts.ts";
import { confusionSvg } from "../../src/report/charts/confusion-chart.ts";
import { narrowConfusionSvg } from "../../src/report/charts/narrow-confusion-chart.ts";
import { type Colour, colourOf, contrast, over } from "../support/contrast.ts";

const test = suite("contrast of cells");
const CLASSES = 101;

/** A row for each per cent that is right; the rest goes to the next class. */
const matrix = Array.from({ length: CLASSES }, (_, label) =>
  Array.from({ length: CLASSES }, (_, predicted) =>
    predicted === label ? label : predicted === (label + 1) % CLASSES ? 100 - label : 0,
  ),
);
const names = matrix.map((_, label) => `c${label}`);

/** Grounds of the cells, and the inks of every layer of figures in them, in the order of the cells. */
function cellsOf(svg: string): { grounds: Colour[]; inks: Colour[][] } {
  const groups = svg.split(/(?=<g class="mark-)/);
  const fills = (kind: string) =>
    groups
      .filter((group) => group.startsWith(`<g class="mark-${kind} role-mark layer_`))
      .map((group) => [...group.matchAll(/ fill="(#[^"]*|rgb[^"]*|white|black)"/g)])
      .map((found) => found.map(([, fill = ""]) => colourOf(fill)));
  const [grounds = []] = fills("rect");
  return { grounds, inks: fills("text").filter(({ length }) => length === grounds.length) };
}

function worstOf(svg: string): { cells: number; colours: number; layers: number; least: number } {
  const { grounds, inks } = cellsOf(svg);
  const all = inks.flatMap((layer) =>
    layer.map((ink, at) => contrast(ink, grounds[at] ?? [Number.NaN, 0, 0])),
  );
  const colours = new Set(grounds.map(String)).size;
  return { cells: grounds.length, colours, layers: inks.length, least: Math.min(...all) };
}

for (const [name, draw] of Object.entries({
  "of counts": () => confusionSvg(matrix, names),
  "of shares of a row": () => confusionSvg(matrix, names, "rows"),
  "for narrow pages": () => narrowConfusionSvg(matrix, names),
})) {
  test(`in a confusion matrix ${name}`, async () => {
    const { cells, colours, layers, least } = worstOf(await draw());
    assert.equal([cells, layers], [CLASSES ** 2, 1]);
    assert.ok(colours >= 95, `${colours} colours`);
    assert.ok(least >= 4.5, `${least.toFixed(2)}:1`);
  });
}

test("in the agreement of runs", async () => {
  const pairs = Array.from({ length: 11 }, (_, first) =>
    Array.from({ length: 11 }, (_, second) => ({
      share: first === second ? 1 : 0.5 + (first + second) / 50,
      kappa: 0.5,
    })),
  );
  const { cells, layers, least } = worstOf(await agreementSvg(names.slice(0, 11), pairs));
  assert.equal([cells, layers], [121, 2]);
  assert.ok(least >= 4.5, `${least.toFixed(2)}:1`);
});

test("in the confusion matrix of the page, light and dark", () => {
  const [light = "", dark = ""] = THEME_CSS.split("@media (prefers-color-scheme: dark)");
  for (const [scheme, css] of [
    ["light", light],
    ["dark", dark.split("@media print")[0] ?? ""],
  ] as const) {
    const named = (name: string) =>
      colourOf(new RegExp(`--${name}: (#[0-9a-f]{6})\\b`).exec(css)?.[1] ?? `no --${name}`);
    for (const ground of ["paper", "panel"]) {
      for (const colour of ["blue", "vermillion"]) {
        for (let percent = 0; percent <= 100; percent++) {
          const depth = depthOf(percent / 100) / 100;
          const least = contrast(named("ink"), over(named(colour), named(ground), depth));
          assert.ok(least >= 4.5, `${scheme}, ${colour} on ${ground} ${percent} %: ${least}:1`);
        }
      }
    }
  }
});

test.run();
