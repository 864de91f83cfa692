// The activations of ops/curve.ts and PReLU in float64, with slopes in terms of what went in.

import { CURVES, type Curve } from "../../../engine/ops/curve.ts";
import type { Dispatch } from "../../../engine/program/program.ts";
import {
  boundTo,
  type Expected,
  entryOf,
  exactly,
  float,
  named,
  type Reference,
  type Task,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

interface Shape {
  readonly slope: number;
  readonly threshold: number;
  readonly most: number;
}

interface Formula {
  value(x: number, shape: Shape): number;
  slope(x: number, shape: Shape): number;
}

/** 2/√π · exp(−x²) · Σ 2ⁿ·x²ⁿ⁺¹ / (1·3·…·(2n + 1)): all terms have one sign. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const normal = (x: number) => 0.5 * (1 + erf(x / Math.SQRT2));
const cubic = (x: number) => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));
const hard = (x: number, slope: number) => Math.min(Math.max(slope * x + 0.5, 0), 1);
const hardSlope = (x: number, slope: number) => (Math.abs(slope * x) < 0.5 ? slope : 0);

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

function eluOf(alpha: number, scale = 1): Formula {
  return {
    value: (x) => scale * (x > 0 ? x : alpha * Math.expm1(x)),
    slope: (x) => scale * (x > 0 ? 1 : alpha * Math.exp(x)),
  };
}

const FORMULAS: Readonly<Record<Curve, Formula>> = {
  rectified: {
    value: (x, { slope, threshold, most }) =>
      x >= most ? most : x >= threshold ? x : slope * (x - threshold),
    slope: (x, { slope, threshold, most }) => {
      if (x >= most) return 0;
      // At 0 Keras's relu has no slope.
      return x > threshold || (x === threshold && x !== 0) ? 1 : slope;
    },
  },
  elu: {
    value: (x, { slope }) => eluOf(slope).value(x, NONE),
    slope: (x, { slope }) => eluOf(slope).slope(x, NONE),
  },
  selu: eluOf(SELU_ALPHA, SELU_SCALE),
  gelu: {
    value: (x) => x * normal(x),
    slope: (x) => normal(x) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI),
  },
  gelu_tanh: {
    value: (x) => 0.5 * x * (1 + cubic(x)),
    slope: (x) => {
      const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
      return 0.5 * (1 + cubic(x)) + 0.5 * x * (1 - cubic(x) ** 2) * inner;
    },
  },
  silu: {
    value: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  },
  softplus: { value: softplus, slope: sigmoid },
  softsign: { value: (x) => x / (1 + Math.abs(x)), slope: (x) => 1 / (1 + Math.abs(x)) ** 2 },
  hard_sigmoid: {
    value: (x, { slope }) => hard(x, slope),
    slope: (x, { slope }) => hardSlope(x, slope),
  },
  hard_silu: {
    value: (x, { slope }) => x * hard(x, slope),
    slope: (x, { slope }) => hard(x, slope) + x * hardSlope(x, slope),
  },
  exponential: { value: Math.exp, slope: Math.exp },
  mish: {
    value: (x) => x * Math.tanh(softplus(x)),
    slope: (x) => {
      const t = Math.tanh(softplus(x));
      return t + x * (1 - t * t) * sigmoid(x);
    },
  },
  log_sigmoid: { value: (x) => -softplus(-x), slope: (x) => sigmoid(-x) },
  hard_tanh: {
    value: (x) => Math.min(Math.max(x, -1), 1),
    slope: (x) => (Math.abs(x) <= 1 ? 1 : 0),
  },
  hard_shrink: {
    value: (x, { threshold }) => (Math.abs(x) > threshold ? x : 0),
    slope: (x, { threshold }) => (Math.abs(x) > threshold ? 1 : 0),
  },
  soft_shrink: {
    value: (x, { threshold }) => (Math.abs(x) > threshold ? x - Math.sign(x) * threshold : 0),
    slope: (x, { threshold }) => (Math.abs(x) > threshold ? 1 : 0),
  },
  tanh_shrink: { value: (x) => x - Math.tanh(x), slope: (x) => Math.tanh(x) ** 2 },
  squareplus: {
    value: (x) => (x > 0 ? (x + root(x)) / 2 : 2 / (root(x) - x)),
    slope: (x) => (1 + x / root(x)) / 2,
  },
  sparse_plus: {
    value: (x) => (x >= 1 ? x : Math.max(x + 1, 0) ** 2 / 4),
    slope: (x) => Math.min(Math.max((x + 1) / 2, 0), 1),
  },
};

/** √(x² + 4) */
const root = (x: number) => Math.hypot(x, 2);
const NONE: Shape = { slope: 0, threshold: 0, most: 0 };

/** WGSL lets exp be off by 3 + 2·|x| units in the last place; the polynomials and quotients of it add some more. */
const ROUNDINGS = 64;

function curveOf(dispatch: Dispatch) {
  const kind = CURVES[named(dispatch.kernel.constants ?? {}, "KIND")] ?? "rectified";
  const { value, slope } = FORMULAS[kind];
  const [own, threshold, most] = ["slope", "threshold", "most"].map((name) =>
    float(dispatch, name),
  ) as [number, number, number];
  const shape = { slope: own, threshold, most };
  /** Where a rounding decides on which piece of a function with corners an element lies. */
  const isCorner = (x: number) =>
    (kind === "hard_sigmoid" || kind === "hard_silu") &&
    Math.abs(Math.abs(own * x) - 0.5) < 8 * UNIT;
  const off = (x: number, result: number) =>
    kind === "rectified"
      ? 2 * UNIT * Math.abs(result)
      : ROUNDINGS * UNIT * (1 + Math.abs(x)) * Math.max(1, Math.abs(result));
  return {
    isCorner,
    value: (x: number) => ({ value: value(x, shape), error: off(x, value(x, shape)) }),
    slope: (x: number) => ({ value: slope(x, shape), error: off(x, slope(x, shape)) }),
  };
}

function reader(task: Task, dispatch: Dispatch, name: string): (index: number) => number {
  const values = valuesAt(task, dispatch, name);
  return (index) => values?.[index] ?? 0;
}

const forward: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const { value } = curveOf(dispatch);
  const x = reader(task, dispatch, "x");
  const at = (index: number) => value(x(index));
  return [{ tensor: boundTo(dispatch, "y"), cost: 4, terms: 1, at }];
};

const backward: Reference = (task) => {
  const dispatch = entryOf(task, "backward");
  const { slope, isCorner } = curveOf(dispatch);
  const [x, dy] = [reader(task, dispatch, "x"), reader(task, dispatch, "dy")];
  const at = (index: number): Expected | null => {
    const input = x(index);
    if (Number.isNaN(input)) return exactly(Number.NaN);
    if (isCorner(input)) return null;
    const { value, error } = slope(input);
    const product = within(dy(index) * value, 1);
    return { value: product.value, error: product.error + error * Math.abs(dy(index)) };
  };
  return [{ tensor: boundTo(dispatch, "dx"), cost: 4, terms: 1, at }];
};

/** Elements of x beside their slopes. */
function preluOf(task: Task, entry: string) {
  const dispatch = entryOf(task, entry);
  const alpha = reader(task, dispatch, "alpha");
  const period = named(dispatch.params, "period");
  const x = reader(task, dispatch, "x");
  return { dispatch, x, dy: reader(task, dispatch, "dy"), alpha: (i: number) => alpha(i % period) };
}

const preluForward: Reference = (task) => {
  const { dispatch, x, alpha } = preluOf(task, "forward");
  const at = (i: number) => (x(i) < 0 ? within(alpha(i) * x(i), 1) : exactly(x(i)));
  return [{ tensor: boundTo(dispatch, "y"), cost: 1, terms: 1, at }];
};

const preluBackward: Reference = (task) => {
  const { dispatch, x, dy, alpha } = preluOf(task, "backward");
  const at = (i: number) =>
    x(i) < 0 ? within(alpha(i) * dy(i), 1) : exactly(x(i) > 0 ? dy(i) : 0);
  return [{ tensor: boundTo(dispatch, "dx"), cost: 1, terms: 1, at }];
};

const slopeTerms: Reference = (task) => {
  const { dispatch, x, dy } = preluOf(task, "slope_terms");
  const at = (i: number) => (x(i) < 0 ? within(dy(i) * x(i), 1) : exactly(0));
  return [{ tensor: boundTo(dispatch, "terms"), cost: 1, terms: 1, at }];
};

export const CURVED: Readonly<Record<string, Reference>> = {
  "curve/forward": forward,
  "curve/backward": backward,
  "prelu/forward": preluForward,
  "prelu/backward": preluBackward,
  "prelu/slope_terms": slopeTerms,
};
