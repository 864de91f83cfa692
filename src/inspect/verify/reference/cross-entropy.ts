// The loss on a softmax in float64, and its gradient; for the logits as they are read, or for those that the kernel computes itself
// and so may be off. WGSL lets exp be off by 3 + 2·|x| units in the last place, and log by 2^-21 between 1/2 and 2.

import type { Dispatch } from "../../../engine/program/program.ts";
import { mainOf, partsOf } from "./mixup.ts";
import {
  boundTo,
  chain,
  type Expected,
  entryOf,
  exactly,
  float,
  named,
  type Output,
  once,
  type Reference,
  type Task,
  TINY,
  UNIT,
  valuesAt,
} from "./reference.ts";

interface Row {
  readonly peak: number;
  /** The first of the greatest. */
  readonly top: number;
  /** Σ exp(z − peak). */
  readonly sum: number;
  /** What its float32 may be off by. */
  readonly sumError: number;
}

export function rowsOf(logits: ArrayLike<number>, classes: number): (row: number) => Row {
  return once((row) => {
    let top = 0;
    const at = (k: number) => logits[row * classes + k] ?? 0;
    for (let k = 1; k < classes; k++) if (at(k) > at(top)) top = k;
    let [sum, sumError] = [0, 0];
    for (let k = 0; k < classes; k++) {
      const power = Math.exp(at(k) - at(top));
      sum += power;
      sumError += power * expError(at(k) - at(top)) + TINY;
    }
    return { peak: at(top), top, sum, sumError: sumError + chain(classes) * sum };
  });
}

/** Relative error of exp(x − y) in float32. */
function expError(difference: number): number {
  return (2 * (3 + 2 * Math.abs(difference)) + Math.abs(difference)) * UNIT;
}

export function probability({ peak, sum, sumError }: Row, logit: number): Expected {
  const value = Math.exp(logit - peak) / sum;
  const relative = expError(logit - peak) + sumError / sum + 5 * UNIT;
  return { value, error: value * relative + TINY };
}

/** Of rows of logits that may be off by so much. */
export interface Scores {
  readonly rows: number;
  readonly classes: number;
  loss(row: number): Expected;
  /** Of an element of dlogits. */
  gradient(index: number): Expected;
  predicted(row: number): number;
  /** Whether the label is what was predicted: 1 or 0. */
  hit(row: number): number;
}

export interface Logits {
  readonly logits: ArrayLike<number>;
  /** Of all logits of a row; default 0. */
  readonly offAt?: (row: number) => number;
}

/** What the kernel makes of the logits, whether it tells it or not. */
export function scoresOf(
  task: Task,
  dispatch: Dispatch,
  { logits, offAt = () => 0 }: Logits,
): Scores {
  const [rows, classes] = [named(dispatch.params, "rows"), named(dispatch.params, "classes")];
  const labels = valuesAt(task, dispatch, "labels") ?? [];
  const weights = valuesAt(task, dispatch, "row_weights");
  const weightOf = (row: number): number => weights?.[row] ?? 1;
  const smoothing = float(dispatch, "smoothing");
  const rowOf = rowsOf(logits, classes);
  const targets = partsOf(task, dispatch);
  const loss = (row: number): Expected => {
    const parts = targets(row);
    if (parts.some((part) => (labels[part.row] ?? 0) >= classes)) return exactly(Number.NaN);
    const { peak, sum, sumError } = rowOf(row);
    let depths = 0;
    for (let k = 0; k < classes; k++) depths += peak - (logits[row * classes + k] ?? 0);
    const depth = parts.reduce((total, { share, row: of }) => {
      return total + share * (peak - (logits[row * classes + (labels[of] ?? 0)] ?? 0));
    }, 0);
    const spread = (smoothing / classes) * depths;
    const value = Math.log(sum) + (1 - smoothing) * depth + spread;
    const rounding = 2 ** -21 + sumError / sum + 12 * UNIT * Math.abs(value);
    // Σ p·δ − δ at the label: no more than twice what a logit is off by.
    const error = rounding + chain(classes) * spread + 2 * offAt(row);
    return { value: value * weightOf(row), error: error * weightOf(row) };
  };
  const gradient = (index: number): Expected => {
    const row = Math.floor(index / classes);
    const { value, error } = probability(rowOf(row), logits[index] ?? 0);
    const own = targets(row).reduce((total, { share, row: of }) => {
      return total + (index % classes === labels[of] ? share * (1 - smoothing) : 0);
    }, 0);
    const difference = value - own - smoothing / classes;
    const rounding = 8 * UNIT * Math.abs(difference) + UNIT * (value + own);
    const factor = weightOf(row) / rows;
    const off = value * Math.expm1(2 * offAt(row));
    return { value: difference * factor, error: (error + rounding + off) * factor + TINY };
  };
  return {
    ...{ rows, classes, loss, gradient },
    predicted: (row) => rowOf(row).top,
    hit: (row) => (rowOf(row).top === labels[mainOf(targets(row))] ? 1 : 0),
  };
}

export const crossEntropy: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const scores = scoresOf(task, dispatch, { logits: valuesAt(task, dispatch, "logits") ?? [] });
  const { classes } = scores;
  const output = (name: string, at: (index: number) => Expected): Output => ({
    ...{ tensor: boundTo(dispatch, name), cost: classes, terms: classes, at },
  });
  return [
    output("row_loss", scores.loss),
    output("row_hit", (row) => exactly(scores.hit(row))),
    output("predicted", (row) => exactly(scores.predicted(row))),
    ...(dispatch.bindings["dlogits"] ? [output("dlogits", scores.gradient)] : []),
    ...countedOf(task, dispatch, scores),
  ];
};

/** The running sums, of a kernel that adds the batch to them as well; so many hits may go either way. */
export function countedOf(
  task: Task,
  dispatch: Dispatch,
  { rows, loss, hit }: Scores,
  uncertain = 0,
): readonly Output[] {
  if (!dispatch.bindings["loss_sum"]) return [];
  const each = Array.from({ length: rows }, (_, row) => row);
  const losses = each.map(loss);
  const [before = 0] = valuesAt(task, dispatch, "loss_sum") ?? [];
  const [hitsBefore = 0, rowsBefore = 0] = valuesAt(task, dispatch, "counts") ?? [];
  const value = losses.reduce((total, one) => total + one.value, before);
  const off = losses.reduce((total, { error }) => total + error, 0);
  const magnitude = losses.reduce((total, one) => total + Math.abs(one.value), Math.abs(before));
  const error = off + chain(rows + 3) * magnitude + TINY;
  const counts = [each.map(hit).reduce((total, one) => total + one, hitsBefore), rowsBefore + rows];
  const sums = { cost: rows, terms: rows };
  const countAt = (at: number) => ({ value: counts[at] ?? 0, error: at === 0 ? uncertain : 0 });
  return [
    { ...sums, tensor: boundTo(dispatch, "loss_sum"), at: () => ({ value, error }) },
    { ...sums, tensor: boundTo(dispatch, "counts"), at: countAt },
  ];
}
