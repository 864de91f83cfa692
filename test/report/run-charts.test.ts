// The pictures of reports and comparisons: what is in them, in which order, and that odd runs still have some.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { classDotsSvg } from "../../src/report/charts/class-dots-chart.ts";
import {
  accuracySvg,
  agreementSvg,
  compareCurvesSvg,
} from "../../src/report/charts/compare-charts.ts";
import { confusionSvg } from "../../src/report/charts/confusion-chart.ts";
import { reliabilitySvg } from "../../src/report/charts/reliability-chart.ts";
import { MOST_SERIES } from "../../src/report/charts/series.ts";
import { calibrationOf } from "../../src/train/metrics/calibration.ts";
import { predictionsOf } from "../../src/train/metrics/predictions.ts";
import { samplePredictions } from "../train/metrics/sample-predictions.ts";

const test = suite("charts of runs");

/** All text of a picture, in the order of drawing. */
function textsOf(svg: string): string[] {
  assert.match(svg, /^<svg /);
  assert.not.match(svg, /NaN|undefined|Infinity/);
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1] ?? "");
}

const MATRIX = [
  [30, 10, 0],
  [0, 5, 5],
  [0, 0, 0],
];
// Not in the order of the alphabet.
const NAMES = ["Trouser", "Bag", "Coat"];

function inOrder(texts: readonly string[]): string[] {
  return texts.filter((text) => NAMES.includes(text));
}

test("a confusion matrix keeps the order of classes, in every view", async () => {
  for (const view of ["counts", "rows", "columns"] as const) {
    const texts = textsOf(await confusionSvg(MATRIX, NAMES, view));
    const labels = inOrder(texts);
    assert.equal(labels, [...NAMES, ...NAMES], view);
  }
});

test("shares of the true class, with recall; of the predicted class, with precision", async () => {
  const rows = textsOf(await confusionSvg(MATRIX, NAMES, "rows"));
  for (const text of ["75", "25", "50", "recall", "75.0%", "50.0%", "none"]) {
    assert.ok(rows.includes(text), text);
  }
  const columns = textsOf(await confusionSvg(MATRIX, NAMES, "columns"));
  for (const text of ["100", "67", "33", "precision", "100.0%", "33.3%", "0.0%"]) {
    assert.ok(columns.includes(text), text);
  }
});

test("reliability: errors are told, and rows that all lie in one bin are enough", async () => {
  const svg = await reliabilitySvg(calibrationOf(samplePredictions()));
  assert.match(svg, "expected calibration error 7.87% over 15 bins of equal width");
  textsOf(svg);
  const sure = predictionsOf([0, 0], [new Float32Array([1, 0]), new Float32Array([1, 0])]);
  assert.match(await reliabilitySvg(calibrationOf(sure)), "expected calibration error 0.00%");
});

test("curves of runs: one without history or validation, and as many as can be told apart", async () => {
  const epoch = (number: number, valLoss?: number) => ({
    ...{ epoch: number, loss: 1 / (number + 1), accuracy: 0.5, learningRate: 1e-3 },
    ...{ valLoss, valAccuracy: valLoss === undefined ? undefined : 0.6 },
  });
  const runs = [
    { name: "A: one", history: [epoch(0, 0.9), epoch(1, 0.7)] },
    { name: "B: none", history: [] },
    { name: "C: unvalidated", history: [epoch(0), epoch(1)] },
  ];
  const validation = textsOf(await compareCurvesSvg(runs, "validation"));
  for (const text of ["Loss, validation", "A: one", "C: unvalidated"]) {
    assert.ok(validation.includes(text), text);
  }
  assert.ok(textsOf(await compareCurvesSvg(runs.slice(1, 2), "training")).includes("not recorded"));
  const many = Array.from({ length: MOST_SERIES }, (_, i) => ({
    ...{ name: `run ${i}`, history: [epoch(0, i + 1), epoch(1, i)] },
  }));
  const svg = await compareCurvesSvg(many, "validation");
  const looks = [...svg.matchAll(/<path aria-label="epoch: [^>]*?stroke="(#\w+)"[^>]*?>/g)];
  const lines = new Set(
    looks.map(([path, colour]) => `${colour} ${/stroke-dasharray="([^"]*)"/.exec(path)?.[1]}`),
  );
  assert.ok(lines.size >= MOST_SERIES, `${lines.size} looks`);
});

test("accuracies with intervals, agreement of equals, dots of classes", async () => {
  const shares = textsOf(
    await accuracySvg([
      { name: "A: one", share: 0.825, interval: [0.8, 0.85] },
      { name: "B: other", share: 1, interval: [0.97, 1] },
    ]),
  );
  for (const text of ["A: one", "B: other", "82.50%", "100.00%"]) assert.ok(shares.includes(text));
  const equal = { share: 1, kappa: null };
  const agreement = textsOf(
    await agreementSvg(
      ["A", "B"],
      [
        [equal, equal],
        [equal, equal],
      ],
    ),
  );
  assert.is(agreement.filter((text) => text === "κ none").length, 2);
  const dots = textsOf(
    await classDotsSvg({
      ...{ title: "F1", subtitle: "", unit: "F1", classNames: NAMES },
      series: [{ name: "A", values: [0.5, null, 0.75] }],
    }),
  );
  assert.equal(inOrder(dots), ["Trouser", "Coat"]);
});

test.run();
