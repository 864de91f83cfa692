// Every figure that a report gives of a network on the test rows, from its predictions alone.

import type { JsonValue } from "../../io/files.ts";
import { type Calibration, calibrationOf } from "../../train/metrics/calibration.ts";
import {
  type ClassificationScores,
  classificationScores,
} from "../../train/metrics/classification.ts";
import {
  brierScore,
  confusionOf,
  isRight,
  logLoss,
  type Predictions,
} from "../../train/metrics/predictions.ts";
import { wilsonInterval } from "../../train/metrics/wilson.ts";

export interface RunFigures {
  /** By [label][predicted]. */
  readonly confusion: readonly (readonly number[])[];
  readonly scores: ClassificationScores;
  /** 95 %, of the accuracy. */
  readonly interval: readonly [low: number, high: number];
  readonly loss: number;
  readonly brier: number;
  readonly calibration: Calibration;
  /** Rows that it takes for something else, the surest first. */
  readonly mistakes: readonly number[];
}

export function runFigures(predictions: Predictions, classes: number): RunFigures {
  const confusion = confusionOf(predictions, classes);
  const scores = classificationScores(confusion);
  const { confidences } = predictions;
  const wrong = [...confidences.keys()].filter((row) => !isRight(predictions, row));
  return {
    confusion,
    scores,
    interval: wilsonInterval(scores.hits, scores.rows),
    loss: logLoss(predictions),
    brier: brierScore(predictions),
    calibration: calibrationOf(predictions),
    mistakes: wrong.sort((a, b) => (confidences[b] ?? 0) - (confidences[a] ?? 0) || a - b),
  };
}

/** For `--json`. */
export function figuresJson(
  { confusion, scores, interval, loss, brier, calibration }: RunFigures,
  classNames: readonly string[],
) {
  return {
    rows: scores.rows,
    accuracy: scores.accuracy,
    accuracyInterval: interval,
    loss,
    brier,
    classes: scores.classes.map((scored, label) => ({
      name: classNames[label] ?? String(label),
      ...scored,
    })),
    macro: { ...scores.macro },
    weighted: { ...scores.weighted },
    confusion,
    calibration: {
      expectedError: calibration.expectedError,
      maximumError: calibration.maximumError,
      meanConfidence: calibration.meanConfidence,
      bins: calibration.bins.map((bin) => ({ ...bin })),
    },
  } satisfies JsonValue;
}

/** A row that is taken for something else. */
export function mistakeJson(
  { labels, predicted, confidences, probabilities }: Predictions,
  row: number,
) {
  const label = labels[row] ?? 0;
  return {
    ...{ row, label, predicted: predicted[row] ?? 0 },
    probability: confidences[row] ?? 0,
    trueProbability: probabilities[row]?.[label] ?? 0,
  } satisfies JsonValue;
}
