// Top-k accuracy, AUC, precision, recall and F1 against scikit-learn's figures for the same rows; the edges by hand.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { classificationScores } from "../../../src/train/metrics/classification.ts";
import { confusionOf, predictionsOf } from "../../../src/train/metrics/predictions.ts";
import { areasUnderCurve, topKAccuracy } from "../../../src/train/metrics/ranking.ts";

const test = suite("ranking");
const fixture = JSON.parse(
  readFileSync(new URL("../../fixtures/ranking.json", import.meta.url), "utf8"),
);
const predictions = of(fixture.labels, fixture.probabilities);

function of(labels: readonly number[], rows: readonly (readonly number[])[]) {
  return predictionsOf(
    labels,
    rows.map((row) => Float32Array.from(row)),
  );
}

function near(actual: number | null | undefined, expected: number, what: string): void {
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-12, `${what}: ${actual} ${expected}`);
}

test("top-k accuracy is scikit-learn's", () => {
  for (const [k, expected] of Object.entries<number>(fixture.topK)) {
    near(topKAccuracy(predictions, Number(k)), expected, `k ${k}`);
  }
  assert.is(topKAccuracy(predictions, 6), 1);
});

test("AUC is scikit-learn's, rows with equal shares included", () => {
  const { classes, macro } = areasUnderCurve(predictions, 6);
  for (const [label, expected] of fixture.auc.entries()) near(classes[label], expected, `${label}`);
  assert.is(classes[5], null, "no row is of it");
  near(macro, fixture.aucMacro, "macro");
});

test("precision, recall and F1 are scikit-learn's", () => {
  const { classes } = classificationScores(confusionOf(predictions, 6));
  for (const key of ["precision", "recall", "f1"] as const) {
    for (const [label, expected] of fixture[key].entries()) {
      near(classes[label]?.[key] ?? 0, expected, `${key} of ${label}`);
    }
  }
});

test("equals are in the first k, what is no number is not", () => {
  assert.is(topKAccuracy(of([1], [[0.5, 0.5]]), 1), 1);
  assert.is(topKAccuracy(of([1], [[0.5, Number.NaN]]), 1), 0);
  assert.is(topKAccuracy(of([7], [[0.5, 0.5]]), 2), 0);
  assert.ok(Number.isNaN(topKAccuracy(of([], []))));
  assert.throws(() => topKAccuracy(predictions, 0), "topKAccuracy: k is a whole number from 1");
});

test("of equal shares alone the area is a half, of one kind of rows there is none", () => {
  assert.equal(
    areasUnderCurve(
      of(
        [0, 1, 1],
        [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
      ),
      2,
    ).classes,
    [0.5, 0.5],
  );
  assert.equal(areasUnderCurve(of([0], [[1, 0]]), 2), { classes: [null, null], macro: null });
  const odd = areasUnderCurve(
    of(
      [0, 1],
      [
        [Number.NaN, 1],
        [1, 0],
      ],
    ),
    2,
  );
  assert.ok(Number.isNaN(odd.classes[0]));
});

test.run();
