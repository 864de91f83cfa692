// Batch normalisation in float64: over the rows of a matrix whose columns are the channels.

import { sizeOf } from "../../../engine/core/shape.ts";
import type { Dispatch } from "../../../engine/program/program.ts";
import {
  boundTo,
  chain,
  type Expected,
  entryOf,
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

/** Roundings of 1 / sqrt(variance + epsilon), which WGSL lets be off by some units, times gamma. */
const FACTOR = 16;

/** A dispatch's binding by row and channel, or by channel. */
function reader(task: Task, dispatch: Dispatch, name: string): (index: number) => number {
  const values = valuesAt(task, dispatch, name);
  return (index) => values?.[index] ?? 0;
}

function extentsOf(dispatch: Dispatch, name: string) {
  const { shape } = boundTo(dispatch, name);
  const channels = shape.at(-1) ?? 1;
  return { channels, rows: sizeOf(shape) / channels };
}

interface Moments {
  readonly mean: number;
  readonly variance: number;
  readonly meanError: number;
  readonly varianceError: number;
}

function momentsOf(column: Float64Array): Moments {
  const { length } = column;
  const mean = column.reduce((sum, value) => sum + value, 0) / length;
  let [variance, deviation, reach] = [0, 0, 0];
  for (const value of column) {
    const d = Math.abs(value - mean);
    variance += (d * d) / length;
    deviation += d / length;
    reach = Math.max(reach, d);
  }
  // Sums are of differences to some element of the column, which lies within `reach` of the mean.
  const meanError = chain(length) * (deviation + reach) + 4 * UNIT * Math.abs(mean);
  const square = variance + 2 * deviation * reach + reach * reach;
  return { mean, variance, meanError, varianceError: chain(length + 8) * square };
}

const moments: Reference = (task) => {
  const first = entryOf(task, "moments");
  const last = entryOf(task, "combine_moments");
  const { channels, rows } = extentsOf(first, "x");
  const x = reader(task, first, "x");
  const of = once((c: number) =>
    momentsOf(Float64Array.from({ length: rows }, (_, row) => x(row * channels + c))),
  );
  const [momentum, rest] = [float(last, "momentum"), float(last, "one_minus_momentum")];
  const correction = float(last, "correction");
  const moved = (name: string, batch: (c: number) => Expected) => {
    const old = reader(task, last, name);
    return (c: number): Expected => {
      const { value, error } = batch(c);
      const [kept, taken] = [old(c) * momentum, value * rest];
      const rounding = 4 * UNIT * (Math.abs(kept) + Math.abs(taken)) + TINY;
      return { value: kept + taken, error: error * rest + rounding };
    };
  };
  const mean = (c: number) => ({ value: of(c).mean, error: of(c).meanError + TINY });
  const variance = (c: number) => ({ value: of(c).variance, error: of(c).varianceError + TINY });
  const corrected = (c: number) => {
    const { value, error } = variance(c);
    return { value: value * correction, error: error * correction };
  };
  const output = (name: string, at: (c: number) => Expected): Output => ({
    ...{ tensor: boundTo(last, name), cost: rows, terms: rows, at },
  });
  return [
    output("batch_mean", mean),
    output("batch_variance", variance),
    output("moving_mean", moved("moving_mean", mean)),
    output("moving_variance", moved("moving_variance", corrected)),
  ];
};

/** 1 / sqrt(variance + epsilon) of a channel, times gamma where there is one. */
function factorOf(task: Task, dispatch: Dispatch): (c: number) => number {
  const [variance, gamma] = [reader(task, dispatch, "variance"), valuesAt(task, dispatch, "gamma")];
  const epsilon = float(dispatch, "epsilon");
  return (c) => (gamma?.[c] ?? 1) / Math.sqrt(variance(c) + epsilon);
}

const normalize: Reference = (task) => {
  const dispatch = entryOf(task, "normalize");
  const { channels } = extentsOf(dispatch, "x");
  const [x, mean, beta] = [
    ...(["x", "mean", "beta"] as const).map((name) => reader(task, dispatch, name)),
  ] as const;
  const factor = factorOf(task, dispatch);
  const hasRelu = dispatch.kernel.flags?.["RELU"] === true;
  const at = (index: number): Expected => {
    const c = index % channels;
    const scaled = ((x?.(index) ?? 0) - (mean?.(c) ?? 0)) * factor(c);
    const offset = beta?.(c) ?? 0;
    const z = scaled + offset;
    const error = UNIT * ((FACTOR + 2) * Math.abs(scaled) + Math.abs(z)) + TINY;
    return { value: hasRelu && z < 0 ? 0 : z, error };
  };
  return [{ tensor: boundTo(dispatch, "y"), cost: 1, terms: 1, at }];
};

const sums: Reference = (task) => {
  const first = entryOf(task, "sums");
  const last = entryOf(task, "combine_sums");
  const { channels, rows } = extentsOf(first, "x");
  const [x, dy] = [reader(task, first, "x"), reader(task, first, "dy")];
  const [mean, factor] = [reader(task, first, "mean"), factorOf(task, first)];
  const sumOf = (term: (index: number, c: number) => number) =>
    once((c: number): Expected => {
      let [value, magnitude] = [0, 0];
      for (let row = 0; row < rows; row++) {
        const one = term(row * channels + c, c);
        value += one;
        magnitude += Math.abs(one);
      }
      return { value, error: (chain(rows) + FACTOR * UNIT) * magnitude + rows * TINY };
    });
  const output = (name: string, term: (index: number, c: number) => number): Output => ({
    ...{ tensor: boundTo(last, name), cost: rows, terms: rows, at: sumOf(term) },
  });
  return [
    output("dbeta", (index) => dy(index)),
    output("dgamma", (index, c) => dy(index) * (x(index) - mean(c)) * factor(c)),
  ];
};

const inputGradient: Reference = (task) => {
  const dispatch = entryOf(task, "input_gradient");
  const { channels } = extentsOf(dispatch, "dy");
  const [dy, x, mean] = [
    reader(task, dispatch, "dy"),
    reader(task, dispatch, "x"),
    reader(task, dispatch, "mean"),
  ];
  const [slopes, levels] = [
    reader(task, dispatch, "sum_dy_xhat"),
    reader(task, dispatch, "sum_dy"),
  ];
  const factor = factorOf(task, dispatch);
  const [variance, epsilon] = [reader(task, dispatch, "variance"), float(dispatch, "epsilon")];
  const rows = named(dispatch.params, "rows");
  const isTraining = dispatch.kernel.flags?.["TRAINING"] === true;
  const at = (index: number): Expected => {
    const c = index % channels;
    if (!isTraining) return within(dy(index) * factor(c), FACTOR + 1);
    const inverse = 1 / Math.sqrt(variance(c) + epsilon);
    const level = levels(c) / rows;
    const tilt = ((x(index) - mean(c)) * slopes(c) * inverse) / rows;
    const magnitude = Math.abs(dy(index)) + Math.abs(level) + Math.abs(tilt);
    return within(
      factor(c) * (dy(index) - level - tilt),
      2 * FACTOR,
      Math.abs(factor(c)) * magnitude,
    );
  };
  return [{ tensor: boundTo(dispatch, "dx"), cost: 1, terms: 1, at }];
};

export const NORMALIZATION: Readonly<Record<string, Reference>> = {
  "batch-normalization/moments": moments,
  "batch-normalization/normalize": normalize,
  "batch-normalization/sums": sums,
  "batch-normalization/input_gradient": inputGradient,
};
