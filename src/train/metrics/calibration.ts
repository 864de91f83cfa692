// Whether a network is right as often as it says: rows put into bins by the probability of the class that was predicted, and
// each bin's accuracy held against its mean confidence.

import { isRight, type Predictions } from "./predictions.ts";

export interface CalibrationBin {
  /** Confidences above `from`, up to and including `to`; the first bin includes 0. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Mean of the rows' confidences; null without rows. */
  readonly confidence: number | null;
  /** Share of the rows that is right; null without rows. */
  readonly accuracy: number | null;
}

export interface Calibration {
  readonly bins: readonly CalibrationBin[];
  /** Σ rows/n · |accuracy − confidence| over the bins. */
  readonly expectedError: number;
  /** The largest |accuracy − confidence| of a bin. */
  readonly maximumError: number;
  readonly meanConfidence: number;
  readonly accuracy: number;
}

/** As Guo et al. */
export const CALIBRATION_BINS = 15;

/**
 * Expected and maximum calibration error over bins of equal width, of the predicted class alone.
 * Source: Guo, Pleiss, Sun, Weinberger 2017, On Calibration of Modern Neural Networks, equations 2 to 5.
 */
export function calibrationOf(predictions: Predictions, bins = CALIBRATION_BINS): Calibration {
  const { confidences } = predictions;
  const sums = Array.from({ length: bins }, () => ({ rows: 0, confidence: 0, hits: 0 }));
  for (const [row, confidence] of confidences.entries()) {
    const bin = sums[binOf(confidence, bins)];
    if (!bin) continue;
    bin.rows++;
    bin.confidence += confidence;
    bin.hits += Number(isRight(predictions, row));
  }
  const rows = confidences.length;
  const gaps = sums.map((bin) => Math.abs(bin.hits - bin.confidence));
  return {
    bins: sums.map((bin, i) => ({
      from: i / bins,
      to: (i + 1) / bins,
      rows: bin.rows,
      confidence: bin.rows === 0 ? null : bin.confidence / bin.rows,
      accuracy: bin.rows === 0 ? null : bin.hits / bin.rows,
    })),
    expectedError: sum(gaps) / rows,
    maximumError: Math.max(...gaps.map((gap, i) => gap / Math.max(1, sums[i]?.rows ?? 0))),
    meanConfidence: sum(sums.map(({ confidence }) => confidence)) / rows,
    accuracy: sum(sums.map(({ hits }) => hits)) / rows,
  };
}

/** Compares with the edges that are shown, so that a product's rounding puts no row on the wrong side. */
function binOf(confidence: number, bins: number): number {
  const near = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
  if (near > 0 && confidence <= near / bins) return near - 1;
  return confidence > (near + 1) / bins ? Math.min(bins - 1, near + 1) : near;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
