// Ops that move elements, or go through two tensors at once, in float64: concatenations, merges, views, lines of channels,
// given statistics, and images resized.

import { sizeOf } from "../../../engine/core/shape.ts";
import type { Tensor } from "../../../engine/core/tensor.ts";
import type { Dispatch } from "../../../engine/program/program.ts";
import {
  boundTo,
  type Expected,
  entryOf,
  exactly,
  float,
  named,
  type Output,
  type Reference,
  type Task,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";
import { RESIZED } from "./resized.ts";

function mapped(tensor: Tensor, at: (index: number) => Expected): Output {
  return { tensor, cost: 1, terms: 1, at };
}

/** A dispatch, and how to read what it binds: 0 beyond the last element. */
function opened(task: Task, entry: string) {
  const dispatch = entryOf(task, entry);
  const read = (name: string) => {
    const values = valuesAt(task, dispatch, name);
    return (index: number) => values?.[index] ?? 0;
  };
  const of = (name: string) => named(dispatch.params, name);
  return { dispatch, read, of };
}

const joined: Reference = (task) => {
  const { dispatch, read, of } = opened(task, "forward");
  const [a, b, first, second] = [read("a"), read("b"), of("a_width"), of("b_width")];
  const at = (index: number) => {
    const [row, column] = [Math.floor(index / (first + second)), index % (first + second)];
    return exactly(column < first ? a(row * first + column) : b(row * second + column - first));
  };
  return [mapped(boundTo(dispatch, "y"), at)];
};

/** The columns of dy that belong to one of the two. */
function part(task: Task, entry: "first_part" | "second_part"): readonly Output[] {
  const { dispatch, read, of } = opened(task, entry);
  const [dy, first, second] = [read("dy"), of("a_width"), of("b_width")];
  const [from, width] = entry === "first_part" ? [0, first] : [first, second];
  const at = (index: number) =>
    exactly(dy(Math.floor(index / width) * (first + second) + from + (index % width)));
  return [mapped(boundTo(dispatch, entry === "first_part" ? "da" : "db"), at)];
}

const merged: Reference = (task) => {
  const { dispatch, read } = opened(task, "forward");
  const { flags = {} } = dispatch.kernel;
  const [a, b] = [read("a"), read("b")];
  const at = (i: number) => {
    if (flags["SUBTRACT"]) return within(a(i) - b(i), 1);
    if (flags["MULTIPLY"]) return within(a(i) * b(i), 1);
    return exactly(flags["MAXIMUM"] ? Math.max(a(i), b(i)) : Math.min(a(i), b(i)));
  };
  return [mapped(boundTo(dispatch, "y"), at)];
};

const mergedBackward: Reference = (task) => {
  const { dispatch, read } = opened(task, "backward");
  const { flags = {} } = dispatch.kernel;
  const [dy, a, b] = [read("dy"), read("a"), read("b")];
  /** Of two that are equal, the first is taken. */
  const takesFirst = (i: number) => (flags["MAXIMUM"] ? a(i) >= b(i) : a(i) <= b(i));
  const share = (i: number, isFirst: boolean): Expected => {
    if (flags["SUBTRACT"]) return exactly(isFirst ? dy(i) : -dy(i));
    if (flags["MULTIPLY"]) return within(dy(i) * (isFirst ? b(i) : a(i)), 1);
    return exactly(takesFirst(i) === isFirst ? dy(i) : 0);
  };
  return [
    mapped(boundTo(dispatch, "da"), (i) => share(i, true)),
    mapped(boundTo(dispatch, "db"), (i) => share(i, false)),
  ];
};

const line: Reference = (task) => {
  const { dispatch, read, of } = opened(task, "forward");
  const [x, period] = [read("x"), of("period")];
  const at = (index: number): Expected => {
    const [centre, scale, offset] = ["centre", "scale", "offset"].map((name) =>
      float(dispatch, `${name}_${index % period}`),
    ) as [number, number, number];
    const scaled = (x(index) - centre) * scale;
    return within(scaled + offset, 4, Math.abs(scaled) + Math.abs(offset));
  };
  return [mapped(boundTo(dispatch, "y"), at)];
};

const lineBackward: Reference = (task) => {
  const { dispatch, read, of } = opened(task, "backward");
  const [dy, period] = [read("dy"), of("period")];
  const at = (index: number) => within(dy(index) * float(dispatch, `scale_${index % period}`), 1);
  return [mapped(boundTo(dispatch, "dx"), at)];
};

/** Roundings of a square root, a quotient and what goes with them. */
const STANDARDISED = 12;

const deviationIn = (dispatch: Dispatch, variance: (c: number) => number) => {
  const channels = named(dispatch.params, "channels");
  return (index: number) => Math.max(Math.sqrt(variance(index % channels)), 1e-7);
};

const standardised: Reference = (task) => {
  const { dispatch, read, of } = opened(task, "forward");
  const [x, mean, channels] = [read("x"), read("mean"), of("channels")];
  const deviation = deviationIn(dispatch, read("variance"));
  const at = (index: number): Expected => {
    const centre = mean(index % channels);
    if (!dispatch.kernel.flags?.["INVERTED"]) {
      return within((x(index) - centre) / deviation(index), STANDARDISED);
    }
    const moved = x(index) * deviation(index);
    return within(centre + moved, STANDARDISED, Math.abs(centre) + Math.abs(moved));
  };
  return [mapped(boundTo(dispatch, "y"), at)];
};

const standardisedBackward: Reference = (task) => {
  const { dispatch, read } = opened(task, "backward");
  const dy = read("dy");
  const deviation = deviationIn(dispatch, read("variance"));
  const isInverted = dispatch.kernel.flags?.["INVERTED"] === true;
  const at = (index: number) => {
    const factor = isInverted ? deviation(index) : 1 / deviation(index);
    return within(dy(index) * factor, STANDARDISED);
  };
  return [mapped(boundTo(dispatch, "dx"), at)];
};

/** The parameters of the four axes under a name. */
function axesOf({ params }: Dispatch, name: string): readonly number[] {
  return [0, 1, 2, 3].map((axis) => named(params, `${name}_${axis}`));
}

/** The place of an element of a tensor whose last three extents are these. */
function placeOf(index: number, { params }: Dispatch): readonly number[] {
  const [second, third, last] = [1, 2, 3].map((axis) => named(params, `extent_${axis}`)) as [
    number,
    number,
    number,
  ];
  const rows = Math.floor(index / last);
  const planes = Math.floor(rows / third);
  return [Math.floor(planes / second), planes % second, rows % third, index % last];
}

function inner(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, axis) => sum + value * (b[axis] ?? 0), 0);
}

const viewed: Reference = (task) => {
  const { dispatch, read, of } = opened(task, "forward");
  const [x, base, steps] = [read("x"), of("base"), axesOf(dispatch, "step")];
  const at = (index: number) => exactly(x(base + inner(placeOf(index, dispatch), steps)));
  return [mapped(boundTo(dispatch, "y"), at)];
};

const viewedBackward: Reference = (task) => {
  const { dispatch, read } = opened(task, "backward");
  const dy = read("dy");
  const [steps, starts, strides, counts] = ["step", "start", "stride", "count"].map((name) =>
    axesOf(dispatch, name),
  ) as [Axes, Axes, Axes, Axes];
  /** Along each axis, the places of dy that took the element. */
  const takers = (index: number) =>
    placeOf(index, dispatch).map((place, axis) => {
      const apart = place - (starts[axis] ?? 0);
      const [stride, count] = [strides[axis] ?? 0, counts[axis] ?? 0];
      if (stride === 0) return apart === 0 ? Array.from({ length: count }, (_, i) => i) : [];
      const at = apart / stride;
      return Number.isInteger(at) && at >= 0 && at < count ? [at] : [];
    });
  const at = (index: number): Expected => {
    let places: number[][] = [[]];
    for (const along of takers(index)) {
      places = places.flatMap((place) => along.map((one) => [...place, one]));
    }
    let [value, magnitude] = [0, 0];
    for (const place of places) {
      const term = dy(inner(place, steps));
      value += term;
      magnitude += Math.abs(term);
    }
    return { value, error: Math.max(0, places.length - 1) * UNIT * magnitude };
  };
  return [mapped(boundTo(dispatch, "dx"), at)];
};

type Axes = readonly number[];

const biased: Reference = (task) => {
  const { dispatch, read } = opened(task, "forward");
  const [x, b] = [read("x"), read("b")];
  const channels = sizeOf(boundTo(dispatch, "b").shape);
  return [mapped(boundTo(dispatch, "y"), (i) => within(x(i) + b(i % channels), 1))];
};

export const PLACED: Readonly<Record<string, Reference>> = {
  ...RESIZED,
  "affine/backward": lineBackward,
  "affine/forward": line,
  "bias-add/forward": biased,
  "concatenate/first_part": (task) => part(task, "first_part"),
  "concatenate/forward": joined,
  "concatenate/second_part": (task) => part(task, "second_part"),
  "merge/backward": mergedBackward,
  "merge/forward": merged,
  "standardise/backward": standardisedBackward,
  "standardise/forward": standardised,
  "view/backward": viewedBackward,
  "view/forward": viewed,
};
