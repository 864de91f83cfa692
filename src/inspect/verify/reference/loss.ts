// Softmax, the loss on it, the running sums of metrics and the penalty, in float64. WGSL lets exp be off by 3 + 2·|x| units
// in the last place, and log by 2^-21 between 1/2 and 2.

import { sizeOf } from "../../../engine/core/shape.ts";
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
  within,
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

function rowsOf(logits: ArrayLike<number>, classes: number): (row: number) => Row {
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

function probability({ peak, sum, sumError }: Row, logit: number): Expected {
  const value = Math.exp(logit - peak) / sum;
  const relative = expError(logit - peak) + sumError / sum + 5 * UNIT;
  return { value, error: value * relative + TINY };
}

const crossEntropy: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const [rows, classes] = [named(dispatch.params, "rows"), named(dispatch.params, "classes")];
  const logits = valuesAt(task, dispatch, "logits") ?? [];
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
    const error = 2 ** -21 + sumError / sum + 12 * UNIT * Math.abs(value) + chain(classes) * spread;
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
    return { value: difference * factor, error: (error + rounding) * factor + TINY };
  };
  const output = (name: string, at: (index: number) => Expected): Output => ({
    ...{ tensor: boundTo(dispatch, name), cost: classes, terms: classes, at },
  });
  const outputs = [
    output("row_loss", loss),
    output("row_hit", (row) => exactly(rowOf(row).top === labels[mainOf(targets(row))] ? 1 : 0)),
    output("predicted", (row) => exactly(rowOf(row).top)),
  ];
  return [
    ...outputs,
    ...(dispatch.bindings["dlogits"] ? [output("dlogits", gradient)] : []),
    ...countedOf(task, dispatch, {
      losses: Array.from({ length: rows }, (_, row) => loss(row)),
      hits: Array.from({ length: rows }, (_, row) => (rowOf(row).top === labels[row] ? 1 : 0)),
    }),
  ];
};

/** The running sums, of a kernel that adds the batch to them as well. */
function countedOf(
  task: Task,
  dispatch: Dispatch,
  { losses, hits }: { readonly losses: readonly Expected[]; readonly hits: readonly number[] },
): readonly Output[] {
  if (!dispatch.bindings["loss_sum"]) return [];
  const rows = losses.length;
  const [before = 0] = valuesAt(task, dispatch, "loss_sum") ?? [];
  const [hitsBefore = 0, rowsBefore = 0] = valuesAt(task, dispatch, "counts") ?? [];
  const value = losses.reduce((total, one) => total + one.value, before);
  const off = losses.reduce((total, { error }) => total + error, 0);
  const magnitude = losses.reduce((total, one) => total + Math.abs(one.value), Math.abs(before));
  const error = off + chain(rows + 3) * magnitude + TINY;
  const counts = [hits.reduce((total, hit) => total + hit, hitsBefore), rowsBefore + rows];
  const sums = { cost: rows, terms: rows };
  return [
    { ...sums, tensor: boundTo(dispatch, "loss_sum"), at: () => ({ value, error }) },
    { ...sums, tensor: boundTo(dispatch, "counts"), at: (at) => exactly(counts[at] ?? 0) },
  ];
}

const mean: Reference = (task) => {
  const dispatch = entryOf(task, "mean");
  const losses = [...(valuesAt(task, dispatch, "losses") ?? [])];
  const { length } = losses;
  const value = losses.reduce((sum, loss) => sum + loss, 0) / length;
  const error = (chain(length) + 5 * UNIT) * losses.reduce((sum, loss) => sum + Math.abs(loss), 0);
  const at = () => ({ value, error: error / length + TINY });
  return [{ tensor: boundTo(dispatch, "loss"), cost: length, terms: length, at }];
};

const softmaxForward: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const classes = named(dispatch.params, "classes");
  const x = valuesAt(task, dispatch, "x") ?? [];
  const rowOf = rowsOf(x, classes);
  const at = (index: number) => probability(rowOf(Math.floor(index / classes)), x[index] ?? 0);
  return [{ tensor: boundTo(dispatch, "y"), cost: classes, terms: classes, at }];
};

const softmaxBackward: Reference = (task) => {
  const dispatch = entryOf(task, "backward");
  const classes = named(dispatch.params, "classes");
  const [y, dy] = [valuesAt(task, dispatch, "output") ?? [], valuesAt(task, dispatch, "dy") ?? []];
  const products = once((row: number) => {
    let [sum, magnitude] = [0, 0];
    for (let index = row * classes; index < (row + 1) * classes; index++) {
      sum += (dy[index] ?? 0) * (y[index] ?? 0);
      magnitude += Math.abs((dy[index] ?? 0) * (y[index] ?? 0));
    }
    return { sum, magnitude };
  });
  const at = (index: number): Expected => {
    const { sum, magnitude } = products(Math.floor(index / classes));
    const [own, share] = [dy[index] ?? 0, Math.abs(y[index] ?? 0)];
    const error = chain(classes) * magnitude + 3 * UNIT * (Math.abs(own) + Math.abs(sum));
    return { value: (y[index] ?? 0) * (own - sum), error: share * error + TINY };
  };
  return [{ tensor: boundTo(dispatch, "dx"), cost: classes, terms: classes, at }];
};

const accumulate: Reference = (task) => {
  const dispatch = entryOf(task, "accumulate");
  const batch = named(dispatch.params, "batch");
  const read = (name: string) => [...(valuesAt(task, dispatch, name) ?? [])];
  const losses = read("row_loss").slice(0, batch);
  const penalty = (read("penalty")[0] ?? 0) * batch;
  const [before = 0] = read("loss_sum");
  const [hits = 0, rows = 0] = read("counts");
  const sum = losses.reduce((total, loss) => total + loss, before + penalty);
  const magnitude = losses.reduce((total, loss) => total + Math.abs(loss), before + penalty);
  const isOfNumbers = dispatch.bindings["error_sum"] !== undefined;
  const more = read("row_hit").reduce((total, hit) => total + hit, 0);
  const counts = [hits + more, rows + batch];
  const error = chain(batch + 3) * magnitude + TINY;
  const errors = read("row_error").reduce((total, own) => total + own, read("error_sum")[0] ?? 0);
  return [
    ...(isOfNumbers
      ? [
          {
            ...{ tensor: boundTo(dispatch, "error_sum"), cost: batch, terms: batch },
            at: () => ({ value: errors, error: chain(batch + 1) * errors + TINY }),
          },
        ]
      : []),
    {
      ...{ tensor: boundTo(dispatch, "loss_sum"), cost: batch, terms: batch },
      at: () => ({ value: sum, error }),
    },
    {
      ...{ tensor: boundTo(dispatch, "counts"), cost: 1, terms: 1 },
      at: (index) => exactly(counts[index] ?? 0),
    },
  ];
};

const confusion: Reference = (task) => {
  const dispatch = entryOf(task, "count_confusion");
  const tensor = boundTo(dispatch, "confusion");
  const classes = named(dispatch.params, "classes");
  const counts = [...(valuesAt(task, dispatch, "confusion") ?? [])];
  const predicted = valuesAt(task, dispatch, "predicted") ?? [];
  for (const [row, label] of [...(valuesAt(task, dispatch, "labels") ?? [])].entries()) {
    const at = label * classes + (predicted[row] ?? 0);
    if (label < classes) counts[at] = (counts[at] ?? 0) + 1;
  }
  return [{ tensor, cost: 1, terms: 1, at: (index) => exactly(counts[index] ?? 0) }];
};

/** Of absolute values, 0 where there are none of them. */
function l1Of(dispatch: Dispatch): number {
  return dispatch.kernel.flags?.["L1"] ? float(dispatch, "l1") : 0;
}

const penalty: Reference = (task) => {
  const [first, last] = [entryOf(task, "sum_terms"), entryOf(task, "total")];
  const w = valuesAt(task, first, "w") ?? [];
  const terms = sizeOf(boundTo(first, "w").shape);
  const l1 = l1Of(first);
  const l2 = l1 > 0 ? float(first, "l2") : 1;
  let sum = 0;
  for (let index = 0; index < terms; index++) {
    const own = w[index] ?? 0;
    sum += l1 * Math.abs(own) + l2 * own ** 2;
  }
  const value = float(last, "scale") * sum;
  const at = () => ({ value, error: chain(terms + 3) * value + terms * TINY });
  return [{ tensor: boundTo(last, "penalty"), cost: terms, terms, at }];
};

const penaltyGradient: Reference = (task) => {
  const dispatch = entryOf(task, "backward");
  const w = valuesAt(task, dispatch, "w") ?? [];
  const l1 = l1Of(dispatch);
  const at = (index: number) => {
    const own = w[index] ?? 0;
    const [sign, line] = [l1 * Math.sign(own), float(dispatch, "scale") * own];
    // Both are of one sign, so nothing cancels.
    return within(sign + line, l1 > 0 ? 3 : 1);
  };
  return [{ tensor: boundTo(dispatch, "dw"), cost: 1, terms: 1, at }];
};

export const LOSS: Readonly<Record<string, Reference>> = {
  "softmax-cross-entropy/forward": crossEntropy,
  "softmax-cross-entropy/mean": mean,
  "softmax/forward": softmaxForward,
  "softmax/backward": softmaxBackward,
  "metrics/accumulate": accumulate,
  "metrics/count_confusion": confusion,
  "penalty/sum_terms": penalty,
  "penalty/backward": penaltyGradient,
};
