// The optimisers' updates in float64.

import { clockOf } from "./data.ts";
import {
  boundTo,
  type Expected,
  entryOf,
  exactly,
  float,
  named,
  type Output,
  type Reference,
  TINY,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

/** Roundings of the rate with its two corrections, of the square root and of the quotient. */
const STEP = 32;

const advance: Reference = (task) => {
  const dispatch = entryOf(task, "advance");
  const before = valuesAt(task, dispatch, "next_corrections");
  const at = (index: number): Expected => {
    const start = before?.[index] ?? 0;
    // What is behind the two corrections is the moving average's.
    if (index >= 2) return exactly(start);
    const beta = float(dispatch, `beta${index + 1}`);
    return within(start * beta + float(dispatch, `one_minus_beta${index + 1}`), 2);
  };
  const corrections = { tensor: boundTo(dispatch, "next_corrections"), cost: 1, terms: 1, at };
  return [corrections, ...clockOf(task, dispatch)];
};

const adam: Reference = (task) => {
  const dispatch = entryOf(task, "update");
  const [dw, w, m, v] = ["dw", "w", "m", "v"].map((name) => {
    const values = valuesAt(task, dispatch, name);
    return (index: number) => values?.[index] ?? 0;
  }) as [Read, Read, Read, Read];
  const [rate = 0] = valuesAt(task, dispatch, "learning_rate") ?? [];
  const [first = 1, second = 1] = valuesAt(task, dispatch, "corrections") ?? [];
  const alpha = (rate * Math.sqrt(second)) / first;
  const epsilon = float(dispatch, "epsilon");
  const moved = (old: number, by: number, share: string): Expected => {
    const taken = (by - old) * float(dispatch, share);
    return within(old + taken, 4, Math.abs(old) + Math.abs(taken));
  };
  const mean = (index: number) => moved(m(index), dw(index), "one_minus_beta1");
  const square = (index: number) => moved(v(index), dw(index) ** 2, "one_minus_beta2");
  const weight = (index: number): Expected => {
    const [moment, power] = [mean(index), square(index)];
    const scale = alpha / (Math.sqrt(power.value) + epsilon);
    const step = moment.value * scale;
    const error = UNIT * (STEP * Math.abs(step) + Math.abs(w(index))) + moment.error * scale;
    return { value: w(index) - step, error: error + TINY };
  };
  const output = (name: string, at: (index: number) => Expected): Output => ({
    ...{ tensor: boundTo(dispatch, name), cost: 4, terms: 1, at },
  });
  return [output("m", mean), output("v", square), output("w", weight)];
};

type Read = (index: number) => number;

const sgd: Reference = (task) => {
  const dispatch = entryOf(task, "update");
  const [dw, w, m] = ["dw", "w", "m"].map((name) => {
    const values = valuesAt(task, dispatch, name);
    return (index: number) => values?.[index] ?? 0;
  }) as [Read, Read, Read];
  const [rate = 0] = valuesAt(task, dispatch, "learning_rate") ?? [];
  const { flags = {} } = dispatch.kernel;
  const momentum = flags["MOMENTUM"] ? float(dispatch, "momentum") : 0;
  const velocity = (index: number): Expected => {
    const [kept, step] = [momentum * m(index), rate * dw(index)];
    return within(kept - step, 3, Math.abs(kept) + Math.abs(step));
  };
  const weight = (index: number): Expected => {
    const { value, error } = velocity(index);
    const step = rate * dw(index);
    const by = flags["NESTEROV"] ? momentum * value - step : value;
    const magnitude = Math.abs(w(index)) + Math.abs(step) + Math.abs(value);
    return { value: w(index) + by, error: error + 3 * (UNIT * magnitude + TINY) };
  };
  const output = (name: string, at: (index: number) => Expected): Output => ({
    ...{ tensor: boundTo(dispatch, name), cost: 2, terms: 1, at },
  });
  return flags["MOMENTUM"] ? [output("m", velocity), output("w", weight)] : [output("w", weight)];
};

const emaAdvance: Reference = (task) => {
  const dispatch = entryOf(task, "advance");
  const before = valuesAt(task, dispatch, "next_state");
  const place = named(dispatch.params, "place");
  const at = (index: number): Expected | null =>
    index === place ? exactly(Math.min((before?.[index] ?? 0) + 1, 2)) : null;
  return [{ tensor: boundTo(dispatch, "next_state"), cost: 1, terms: 1, at }];
};

const ema: Reference = (task) => {
  const dispatch = entryOf(task, "update");
  const [w, average, state] = ["w", "average", "state"].map((name) =>
    valuesAt(task, dispatch, name),
  );
  const isFirst = (state?.[named(dispatch.params, "place")] ?? 0) <= 1;
  const momentum = isFirst ? 0 : float(dispatch, "momentum");
  const at = (index: number): Expected => {
    const [kept, taken] = [momentum * (average?.[index] ?? 0), (1 - momentum) * (w?.[index] ?? 0)];
    return within(kept + taken, 4, Math.abs(kept) + Math.abs(taken));
  };
  return [{ tensor: boundTo(dispatch, "average"), cost: 1, terms: 1, at }];
};

export const OPTIMIZERS: Readonly<Record<string, Reference>> = {
  "adam/advance": advance,
  "adam/update": adam,
  "sgd/update": sgd,
  "ema/advance": emaAdvance,
  "ema/update": ema,
};
