// The pictures of data and folds: what is in them, not how they look. Whether they look right is for eyes.

import { PNG } from "pngjs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { classesSvg, samplesSvg } from "../../src/report/charts/data-charts.ts";
import { foldsSvg } from "../../src/report/charts/folds-chart.ts";
import type { FoldResult } from "../../src/train/cross-validation.ts";
import { sampleDataset } from "../data/sample-files.ts";

const test = suite("data charts");

/** All text of a picture, in the order of drawing. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map((match) => match[1] ?? "");
}

test("classes: a count for every class of both sets", async () => {
  const svg = await classesSvg(sampleDataset(1203), sampleDataset(30));
  const texts = textsOf(svg);
  assert.ok(texts.includes("1,203 to train, 30 to test"));
  assert.is(texts.filter((text) => text === "121").length, 3);
  assert.is(texts.filter((text) => text === "120").length, 7);
  assert.is(texts.filter((text) => text === "3").length, 10);
  assert.ok(texts.includes("Ankle boot") && texts.includes("T-shirt/top"));
  assert.not.match(svg, /NaN|undefined/);
});

test("samples: every image in the row of its class, dark on white", () => {
  const dataset = sampleDataset(45);
  const svg = samplesSvg(dataset);
  const base64 = /base64,([^"]+)"/.exec(svg)?.[1] ?? "";
  const sheet = PNG.sync.read(Buffer.from(base64, "base64"));
  assert.equal([sheet.width, sheet.height], [12 * 31 - 3, 10 * 31 - 3]);
  const grey = (x: number, y: number) => sheet.data[4 * (y * sheet.width + x)];
  // Labels run 0 to 9 in turn: row 23 is the third of class 3.
  for (const pixel of [0, 5, 400, 783]) {
    const [x, y] = [2 * 31 + (pixel % 28), 3 * 31 + Math.floor(pixel / 28)];
    assert.is(grey(x, y), 255 - (dataset.images[23 * 784 + pixel] ?? 0));
  }
  // Class 5 has four images, no fifth.
  assert.is(grey(4 * 31 + 14, 5 * 31 + 14), 255);
  assert.ok(textsOf(svg).includes("Sneaker"));
});

test("folds: means and sample deviations; what was not scored is not there", async () => {
  const fold = (index: number, loss: number, accuracy: number): FoldResult => ({
    ...{ fold: index, seed: 1, trainRows: 8, epochs: 3, bestEpoch: 1, history: [] },
    heldOut: { loss, accuracy, rows: 2 },
    test: { loss: loss + 0.1, accuracy: accuracy - 0.1, rows: 2 },
    leaked: null,
  });
  const svg = await foldsSvg([fold(0, 0.2, 0.9), fold(1, 0.4, 0.94)]);
  const texts = textsOf(svg);
  assert.ok(texts.includes("held-out rows: 92.00% ± 2.83"), texts.join("\n"));
  assert.ok(texts.includes("test set: 0.4000 ± 0.1414"));
  assert.not(texts.some((text) => text.includes("leaked")));
  assert.not.match(svg, /NaN|undefined/);
});

test.run();
