// Normalisation of groups of channels by the statistics of each example, in float64 (GroupNormalization, LayerNormalization).

import type { Dispatch } from "../../../engine/program/program.ts";
import {
  boundTo,
  chain,
  type Expected,
  entryOf,
  float,
  named,
  type Reference,
  type Task,
  TINY,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

/** Units that 1 / sqrt(variance + epsilon) may be off by. */
const FACTOR = 8;

interface Grouping {
  readonly places: number;
  readonly channels: number;
  /** Channels of a group. */
  readonly width: number;
  /** The group that an element of x is in, counted through all examples. */
  groupOf(index: number): number;
  /** Indices of the elements of a group. */
  elementsOf(group: number): number[];
}

function groupingOf({ params }: Dispatch): Grouping {
  const [places, channels, width] = ["places", "channels", "width"].map((name) =>
    named(params, name),
  ) as [number, number, number];
  const each = channels / width;
  return {
    ...{ places, channels, width },
    groupOf: (index) =>
      Math.floor(index / channels / places) * each + Math.floor((index % channels) / width),
    elementsOf(group) {
      const start = Math.floor(group / each) * places * channels + (group % each) * width;
      return Array.from(
        { length: places * width },
        (_, i) => start + Math.floor(i / width) * channels + (i % width),
      );
    },
  };
}

function reader(task: Task, dispatch: Dispatch, name: string): (index: number) => number {
  const values = valuesAt(task, dispatch, name);
  return (index) => values?.[index] ?? 0;
}

/** Of each channel; 1 where the layer has none. */
function gammaOf(task: Task, dispatch: Dispatch): (index: number) => number {
  return dispatch.bindings["gamma"] ? reader(task, dispatch, "gamma") : () => 1;
}

/** Computes something of a group when it is first asked for; of the last one alone, for there may be very many. */
function ofLast<T>(compute: (group: number) => T): (group: number) => T {
  let known: { readonly group: number; readonly value: T } | null = null;
  return (group) => {
    if (known?.group !== group) known = { group, value: compute(group) };
    return known.value;
  };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

interface Statistics {
  readonly mean: Expected;
  readonly rstd: Expected;
}

function statisticsOf(values: readonly number[], epsilon: number): Statistics {
  const mean = average(values);
  const meanError = (chain(values.length) + UNIT) * average(values.map(Math.abs)) + TINY;
  const variance = average(values.map((value) => (value - mean) ** 2));
  const varianceError = chain(values.length + 4) * variance + meanError ** 2;
  const rstd = 1 / Math.sqrt(variance + epsilon);
  const share = varianceError / (2 * (variance + epsilon)) + FACTOR * UNIT;
  return { mean: { value: mean, error: meanError }, rstd: { value: rstd, error: share * rstd } };
}

const forward: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const { channels, places, width, groupOf, elementsOf } = groupingOf(dispatch);
  const x = reader(task, dispatch, "x");
  const [gamma, beta] = [gammaOf(task, dispatch), reader(task, dispatch, "beta")];
  const epsilon = float(dispatch, "epsilon");
  const known = ofLast((group) => statisticsOf(elementsOf(group).map(x), epsilon));
  const y = (index: number): Expected => {
    const { mean, rstd } = known(groupOf(index));
    const c = index % channels;
    const scaled = (x(index) - mean.value) * rstd.value * gamma(c);
    const value = scaled + beta(c);
    const moved = mean.error * rstd.value * Math.abs(gamma(c));
    const stretched = Math.abs(scaled) * (rstd.error / rstd.value + 4 * UNIT);
    return { value, error: moved + stretched + UNIT * Math.abs(value) + TINY };
  };
  const statistics = (index: number) => {
    const { mean, rstd } = known(Math.floor(index / 2));
    return index % 2 === 0 ? mean : rstd;
  };
  const terms = places * width;
  return [
    { tensor: boundTo(dispatch, "y"), cost: 4, terms, at: y },
    { tensor: boundTo(dispatch, "statistics"), cost: terms, terms, at: statistics },
  ];
};

/** x̂ of an element, from statistics that are given. */
function normalizedIn(task: Task, dispatch: Dispatch): (index: number) => number {
  const { groupOf } = groupingOf(dispatch);
  const [x, known] = [reader(task, dispatch, "x"), reader(task, dispatch, "known")];
  return (index) => {
    const at = 2 * groupOf(index);
    return (x(index) - known(at)) * known(at + 1);
  };
}

const inputGradient: Reference = (task) => {
  const dispatch = entryOf(task, "input_gradient");
  const { channels, places, width, groupOf, elementsOf } = groupingOf(dispatch);
  const [dy, known] = [reader(task, dispatch, "dy"), reader(task, dispatch, "known")];
  const gamma = gammaOf(task, dispatch);
  const normalized = normalizedIn(task, dispatch);
  const d = (index: number) => dy(index) * gamma(index % channels);
  const means = ofLast((group) => {
    const levels = elementsOf(group).map(d);
    const tilts = elementsOf(group).map((index, i) => (levels[i] ?? 0) * normalized(index));
    return {
      ...{ level: average(levels), levels: average(levels.map(Math.abs)) },
      ...{ tilt: average(tilts), tilts: average(tilts.map(Math.abs)) },
    };
  });
  const terms = places * width;
  const at = (index: number): Expected => {
    const { level, levels, tilt, tilts } = means(groupOf(index));
    const rstd = known(2 * groupOf(index) + 1);
    const xhat = normalized(index);
    const sums = chain(terms + 4) * (levels + Math.abs(xhat) * tilts);
    const rest = 6 * UNIT * (Math.abs(d(index)) + Math.abs(level) + Math.abs(xhat * tilt));
    return { value: (d(index) - level - xhat * tilt) * rstd, error: (sums + rest) * rstd + TINY };
  };
  return [{ tensor: boundTo(dispatch, "dx"), cost: 4, terms, at }];
};

const gammaTerms: Reference = (task) => {
  const dispatch = entryOf(task, "gamma_terms");
  const dy = reader(task, dispatch, "dy");
  const normalized = normalizedIn(task, dispatch);
  const at = (index: number) => within(dy(index) * normalized(index), 4);
  return [{ tensor: boundTo(dispatch, "terms"), cost: 1, terms: 1, at }];
};

export const GROUP_NORMALIZATION: Readonly<Record<string, Reference>> = {
  "group-normalization/forward": forward,
  "group-normalization/input_gradient": inputGradient,
  "group-normalization/gamma_terms": gammaTerms,
};
