// Figures of predictions against scikit-learn 1.9.1 (classification_report with zero_division=0, log_loss, cohen_kappa_score) and
// NumPy, on the rows of sample-predictions.ts; and by hand, where a person can do the sum.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { agreementOf, disagreements, pairedCounts } from "../../../src/train/metrics/agreement.ts";
import { calibrationOf } from "../../../src/train/metrics/calibration.ts";
import {
  classificationScores,
  frequentMistakes,
} from "../../../src/train/metrics/classification.ts";
import {
  brierScore,
  confusionOf,
  logLoss,
  meanPredictions,
  predictionsOf,
} from "../../../src/train/metrics/predictions.ts";
import { reversedPredictions, samplePredictions } from "./sample-predictions.ts";

const test = suite("metrics");

function near(got: number | null, wanted: number, tolerance = 1e-12): void {
  assert.ok(
    got !== null && Math.abs(got - wanted) <= tolerance,
    `got ${got}, wanted ${wanted} ± ${tolerance}`,
  );
}

/** Of probabilities, whose float32 may differ in the last bit from NumPy's. */
const ROUNDED = 1e-7;

test("a confusion matrix has labels in rows, predictions in columns", () => {
  assert.equal(confusionOf(samplePredictions(), 5), [
    [37, 11, 6, 7, 0],
    [8, 29, 3, 8, 0],
    [8, 6, 38, 5, 0],
    [4, 4, 5, 21, 0],
    [0, 0, 0, 0, 0],
  ]);
});

test("precision, recall, F1 and their averages are scikit-learn's", () => {
  const scores = classificationScores(confusionOf(samplePredictions(), 5));
  const wanted = [
    [0.6491228070175439, 0.6065573770491803, 0.6271186440677966, 61],
    [0.58, 0.6041666666666666, 0.5918367346938775, 48],
    [0.7307692307692307, 0.6666666666666666, 0.6972477064220184, 57],
    [0.5121951219512195, 0.6176470588235294, 0.56, 34],
  ] as const;
  for (const [label, [precision, recall, f1, support]] of wanted.entries()) {
    const found = scores.classes[label];
    assert.ok(found);
    near(found.precision, precision);
    near(found.recall, recall);
    near(found.f1, f1);
    assert.is(found.support, support);
  }
  near(scores.accuracy, 0.625);
  near(scores.macro.precision, 0.6180217899344985);
  near(scores.macro.recall, 0.6237594423015107);
  near(scores.macro.f1, 0.6190507712959232);
  near(scores.weighted.precision, 0.632524857641289);
  near(scores.weighted.recall, 0.625);
  near(scores.weighted.f1, 0.6272275990974838);
});

test("what cannot be computed is null, counts as 0, and a class that occurs nowhere counts in no average", () => {
  // Labels 0 0 1 1 2 2 2 taken for 0 1 1 1 0 2 3.
  const scores = classificationScores([
    [1, 1, 0, 0, 0],
    [0, 2, 0, 0, 0],
    [1, 0, 1, 1, 0],
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
  ]);
  assert.equal(scores.classes[3], { precision: 0, recall: null, f1: 0, support: 0 });
  assert.equal(scores.classes[4], { precision: null, recall: null, f1: null, support: 0 });
  near(scores.macro.precision, 0.5416666666666666);
  near(scores.macro.recall, 0.4583333333333333);
  near(scores.macro.f1, 0.45);
  near(scores.weighted.precision, 0.7619047619047619);
  near(scores.weighted.f1, 0.5857142857142856);
});

test("the most frequent mistakes come first", () => {
  const matrix = [
    [5, 1, 2],
    [2, 6, 0],
    [0, 0, 0],
  ];
  assert.equal(frequentMistakes(matrix, 2), [
    { label: 0, predicted: 2, count: 2, share: 0.25 },
    { label: 1, predicted: 0, count: 2, share: 0.25 },
  ]);
});

test("log loss and Brier score are scikit-learn's and NumPy's", () => {
  near(logLoss(samplePredictions()), 1.140720066121722, ROUNDED);
  near(brierScore(samplePredictions()), 0.5555162016961397, ROUNDED);
});

test("a true class of probability 0 costs much, but not infinity", () => {
  const sure = predictionsOf([1], [new Float32Array([1, 0])]);
  near(logLoss(sure), 126 * Math.LN2);
  near(brierScore(sure), 2);
});

test("calibration errors are those that NumPy finds, in 10 bins and 15", () => {
  const fifteen = calibrationOf(samplePredictions());
  near(fifteen.expectedError, 0.07871616348624229, ROUNDED);
  near(fifteen.maximumError, 0.3229166950498308, ROUNDED);
  const ten = calibrationOf(samplePredictions(), 10);
  near(ten.expectedError, 0.07648940101265907, ROUNDED);
  near(ten.maximumError, 0.3015730649232864, ROUNDED);
  assert.is(
    ten.bins.reduce((sum, { rows }) => sum + rows, 0),
    200,
  );
});

test("an upper edge belongs to its bin, 0 to the first, and an empty bin has no figures", () => {
  const rows = [0.5, 0.75, 1, 0.75].map((p) => new Float32Array([1 - p, p]));
  const { bins, expectedError, meanConfidence } = calibrationOf(
    predictionsOf([1, 1, 1, 0], rows),
    4,
  );
  // 0.5 is a tie, which goes to class 0; it is wrong.
  assert.equal(
    bins.map((bin) => [bin.rows, bin.confidence, bin.accuracy]),
    [
      [0, null, null],
      [1, 0.5, 0],
      [2, 0.75, 0.5],
      [1, 1, 1],
    ],
  );
  near(meanConfidence, 0.75);
  near(expectedError, (1 * 0.5 + 2 * 0.25 + 1 * 0) / 4);
});

test("agreement and Cohen's kappa are scikit-learn's", () => {
  const { share, kappa } = agreementOf(samplePredictions(), reversedPredictions(), 5);
  near(share, 0.21);
  near(kappa, -0.058059331681510784);
  const same = agreementOf(samplePredictions(), samplePredictions(), 5);
  assert.equal([same.share, same.kappa], [1, 1]);
});

test("the mean of two networks' probabilities is a third's predictions", () => {
  const row = (...p: number[]): Float32Array => Float32Array.from(p);
  const mean = meanPredictions([
    predictionsOf([0, 1], [row(0.75, 0.25), row(1, 0)]),
    predictionsOf([0, 1], [row(0, 1), row(0.25, 0.75)]),
  ]);
  assert.equal(
    mean.probabilities.map((p) => [...p]),
    [
      [0.375, 0.625],
      [0.625, 0.375],
    ],
  );
  assert.equal([...mean.predicted], [1, 0]);
});

test("rows by who is right, and those that are disputed, the surest first", () => {
  const row = (...p: number[]): Float32Array => Float32Array.from(p);
  const labels = [0, 1, 0, 1];
  const first = predictionsOf(labels, [row(0.75, 0.25), row(1, 0), row(0.5, 0.5), row(1, 0)]);
  const second = predictionsOf(labels, [row(1, 0), row(0.25, 0.75), row(0, 1), row(1, 0)]);
  assert.equal(pairedCounts(first, second), {
    bothRight: 1,
    onlyFirst: 1,
    onlySecond: 1,
    bothWrong: 1,
  });
  assert.equal(disagreements([first, second]), [
    { row: 1, conflict: 0.75 },
    { row: 2, conflict: 0.5 },
  ]);
});

test.run();
