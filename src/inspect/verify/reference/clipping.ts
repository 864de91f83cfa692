// Clipped gradients, in float64: the factor that brings a norm to its limit, and what is done with it.

import { sizeOf } from "../../../engine/core/shape.ts";
import {
  boundTo,
  chain,
  type Expected,
  entryOf,
  exactly,
  float,
  type Reference,
  type Task,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

/** Over all the tensors of one norm: the sums of squares of each, and the factor. */
const scale: Reference = (task) => {
  const last = entryOf(task, "scale_to");
  let [sum, terms] = [0, 0];
  for (const dispatch of task.unit.dispatches) {
    const g = valuesAt(task, dispatch, "g");
    const elements = g ? sizeOf(boundTo(dispatch, "g").shape) : 0;
    for (let index = 0; index < elements; index++) sum += (g?.[index] ?? 0) ** 2;
    terms += elements;
  }
  const limit = float(last, "limit");
  const value = limit / Math.max(Math.sqrt(sum), limit);
  // A root halves what the sum is off by.
  const at = (): Expected => ({ value, error: value * (chain(terms) / 2 + 12 * UNIT) });
  return [{ tensor: boundTo(last, "scale"), cost: terms, terms, at }];
};

/** In place: what the tensor was before. */
function before(task: Task, entry: string) {
  const dispatch = entryOf(task, entry);
  const values = valuesAt(task, dispatch, "x");
  return { dispatch, x: (index: number) => values?.[index] ?? 0 };
}

const rescale: Reference = (task) => {
  const { dispatch, x } = before(task, "rescale");
  const factor = valuesAt(task, dispatch, "factor")?.[0] ?? Number.NaN;
  const at = (index: number) => within(x(index) * factor, 1);
  return [{ tensor: boundTo(dispatch, "x"), cost: 1, terms: 1, at }];
};

const limitValues: Reference = (task) => {
  const { dispatch, x } = before(task, "limit_values");
  const limit = float(dispatch, "limit");
  const at = (index: number) => exactly(Math.min(limit, Math.max(-limit, x(index))));
  return [{ tensor: boundTo(dispatch, "x"), cost: 1, terms: 1, at }];
};

export const CLIPPING: Readonly<Record<string, Reference>> = {
  "clip/sum_squares": scale,
  "clip/rescale": rescale,
  "clip/limit_values": limitValues,
};
