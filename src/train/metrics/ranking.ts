// How well probabilities order classes and rows, whatever their size: top-k accuracy and the area under the ROC curve.

import { UsageError } from "../../engine/core/errors.ts";
import type { Predictions } from "./predictions.ts";

/**
 * Share of the rows whose class has fewer than k classes above it, as Keras's SparseTopKCategoricalAccuracy counts them:
 * equals of the k-th are in. A row with a probability that is no number is out. NaN without rows. Throws UsageError for a
 * k that is no whole number from 1.
 */
export function topKAccuracy({ labels, probabilities }: Predictions, k = 5): number {
  if (!(Number.isInteger(k) && k >= 1)) {
    throw new UsageError(`topKAccuracy: k is a whole number from 1, got ${k}`);
  }
  let hits = 0;
  for (const [row, shares] of probabilities.entries()) {
    const own = shares[labels[row] ?? -1] ?? Number.NaN;
    const above = shares.filter((share) => !(share <= own)).length;
    if (above < k) hits++;
  }
  return hits / probabilities.length;
}

/** Areas under ROC curves. */
export interface AreasUnderCurve {
  /** Of each class against the rest; null where all rows or none are of it. */
  readonly classes: readonly (number | null)[];
  /** Mean of those that are there; null without any. */
  readonly macro: number | null;
}

/**
 * Area under the ROC curve: the probability that a row of the class has a larger share for it than a row of another,
 * equals counting half. Exact, from ranks (Mann and Whitney 1947); O(classes · rows · log rows).
 */
export function areasUnderCurve(predictions: Predictions, classes: number): AreasUnderCurve {
  const areas = Array.from({ length: classes }, (_, label) => areaOf(predictions, label));
  const known = areas.filter((area) => area !== null);
  const sum = known.reduce((total, area) => total + area, 0);
  return { classes: areas, macro: known.length > 0 ? sum / known.length : null };
}

function areaOf({ labels, probabilities }: Predictions, label: number): number | null {
  const shares = Float64Array.from(probabilities, (row) => row[label] ?? Number.NaN);
  const order = Array.from(shares.keys()).sort((a, b) => (shares[a] ?? 0) - (shares[b] ?? 0));
  let [ranks, own] = [0, 0];
  for (let first = 0; first < order.length; ) {
    const share = shares[order[first] ?? -1];
    if (share === undefined || Number.isNaN(share)) return Number.NaN;
    let end = first + 1;
    while (end < order.length && shares[order[end] ?? -1] === share) end++;
    const inClass = order.slice(first, end).filter((row) => labels[row] === label).length;
    // Ranks count from 1; equals have the mean of theirs.
    ranks += inClass * ((first + 1 + end) / 2);
    own += inClass;
    first = end;
  }
  const others = order.length - own;
  return own === 0 || others === 0 ? null : (ranks - (own * (own + 1)) / 2) / (own * others);
}
