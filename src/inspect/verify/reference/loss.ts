// Means, the running sums of metrics and the penalty, in float64.

import { sizeOf } from "../../../engine/core/shape.ts";
import type { Dispatch } from "../../../engine/program/program.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { denseCrossEntropy } from "./dense-cross-entropy.ts";
import {
  boundTo,
  chain,
  entryOf,
  exactly,
  float,
  named,
  type Reference,
  TINY,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

const mean: Reference = (task) => {
  const dispatch = entryOf(task, "mean");
  const losses = [...(valuesAt(task, dispatch, "losses") ?? [])];
  const { length } = losses;
  const value = losses.reduce((sum, loss) => sum + loss, 0) / length;
  const error = (chain(length) + 5 * UNIT) * losses.reduce((sum, loss) => sum + Math.abs(loss), 0);
  const at = () => ({ value, error: error / length + TINY });
  return [{ tensor: boundTo(dispatch, "loss"), cost: length, terms: length, at }];
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
  "softmax-cross-entropy/forward": (task) =>
    (entryOf(task, "forward").bindings["logits"] ? crossEntropy : denseCrossEntropy)(task),
  "softmax-cross-entropy/mean": mean,
  "metrics/accumulate": accumulate,
  "metrics/count_confusion": confusion,
  "penalty/sum_terms": penalty,
  "penalty/backward": penaltyGradient,
};
