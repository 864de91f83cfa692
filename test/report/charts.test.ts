// Charts: what is in the picture, not how it looks. Whether it looks right is for eyes.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { confusionSvg } from "../../src/report/charts/confusion-chart.ts";
import { barsSvg, curvesSvg } from "../../src/report/charts/run-charts.ts";
import type { EpochRow } from "../../src/runs/history.ts";

const test = suite("charts");

const EPOCHS: EpochRow[] = [
  { epoch: 0, loss: 0.7, accuracy: 0.75, valLoss: 0.5, valAccuracy: 0.82, learningRate: 1e-3 },
  { epoch: 1, loss: 0.4, accuracy: 0.86, valLoss: 0.31, valAccuracy: 0.891, learningRate: 1e-3 },
  { epoch: 2, loss: 0.3, accuracy: 0.9, valLoss: 0.33, valAccuracy: 0.8934, learningRate: 1e-3 },
];

/** All text of a picture, in the order of drawing. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1] ?? "");
}

function checkSvg(svg: string): void {
  assert.match(
    svg,
    /^<svg [^>]*width="100%" style="max-width:\d+px;height:auto" viewBox="0 0 \d+ \d+"/,
  );
  assert.ok(svg.endsWith("</svg>\n"));
  assert.not.match(svg, /NaN|undefined|Infinity/);
}

test("curves name the best epoch, counted from 1, and tick whole epochs", async () => {
  const svg = await curvesSvg(EPOCHS);
  checkSvg(svg);
  const texts = textsOf(svg);
  assert.ok(texts.includes("lowest validation: 0.3100 in epoch 2"));
  assert.ok(texts.includes("highest validation: 89.34% in epoch 3"));
  const ticks = texts.filter((text) => /^\d+$/.test(text));
  assert.equal(ticks, ["1", "2", "3", "1", "2", "3"]);
  assert.ok(texts.includes("training") && texts.includes("validation"));
});

test("curves without validation do not mention it", async () => {
  const rows = EPOCHS.map(({ epoch, loss, accuracy, learningRate }) => ({
    epoch,
    loss,
    accuracy,
    learningRate,
  }));
  const texts = textsOf(await curvesSvg(rows));
  assert.ok(texts.includes("lowest training: 0.3000 in epoch 3"));
  assert.is(texts.includes("validation"), false);
});

test("a run that diverged, a run of one epoch and no run at all still draw", async () => {
  const nan = Number.NaN;
  const diverged = await curvesSvg([{ epoch: 0, loss: nan, accuracy: nan, learningRate: 1 }]);
  checkSvg(diverged);
  assert.ok(textsOf(diverged).includes("no finite value was recorded"));
  checkSvg(await curvesSvg(EPOCHS.slice(0, 1)));
  checkSvg(await curvesSvg([{ epoch: 0, loss: 0.5, accuracy: 0.5, learningRate: 1 }]));
  checkSvg(await curvesSvg([]));
});

test("a long run has few ticks, at even distances", async () => {
  const long = Array.from({ length: 100 }, (_, epoch) => ({
    ...(EPOCHS[0] ?? { loss: 1, accuracy: 0, learningRate: 1 }),
    epoch,
  }));
  const ticks = textsOf(await curvesSvg(long)).filter((text) => /^\d+$/.test(text));
  assert.equal(
    ticks.slice(0, 10),
    Array.from({ length: 10 }, (_, i) => String(1 + 10 * i)),
  );
});

test("the confusion matrix holds every count, recall and the accuracy", async () => {
  const matrix = [
    [47, 2, 1],
    [0, 0, 0],
    [5, 6, 1139],
  ];
  const svg = await confusionSvg(matrix, ["Bag", "Coat & co", "Dress"]);
  checkSvg(svg);
  const texts = textsOf(svg);
  for (const count of ["47", "2", "5", "6", "1139"]) assert.ok(texts.includes(count), count);
  for (const recall of ["94.0%", "none", "99.0%"]) assert.ok(texts.includes(recall), recall);
  assert.is(texts.filter((text) => text === "Coat &amp; co").length, 2);
  assert.match(svg, "accuracy 98.83%, 1,186 of 1,200 images");
});

test("bars show each value in its unit", async () => {
  const items = [
    { label: "Bag", value: 0.25 },
    { label: "Coat", value: 0.75 },
  ];
  const shares = textsOf(await barsSvg({ title: "Classes", unit: "share", items }));
  assert.equal(
    shares.filter((text) => text.endsWith("%")),
    ["25.0%", "75.0%"],
  );
  const counts = items.map(({ label, value }) => ({ label, value: value * 8000 }));
  const svg = await barsSvg({ title: "Classes", subtitle: "train", unit: "count", items: counts });
  checkSvg(svg);
  const texts = textsOf(svg);
  for (const text of ["Classes", "train", "2,000", "6,000"]) assert.ok(texts.includes(text), text);
});

test("equal data give equal pictures", async () => {
  assert.is(await curvesSvg(EPOCHS), await curvesSvg(EPOCHS));
});

test.run();
