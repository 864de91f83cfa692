// Keras's activations by their names: which op records each. Those that Dense and Conv2D fuse into their kernels they
// record themselves; the others follow as an op of their own, within the layer.

import { UsageError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { activation } from "../ops/activation.ts";
import { type CurveAttrs, curve } from "../ops/curve.ts";
import { ACTIVATIONS, type Activation } from "../ops/gemm/bias-activation.ts";
import { logSoftmax } from "../ops/log-softmax.ts";
import { reshape } from "../ops/reshape.ts";
import { type RowOp, softmax } from "../ops/softmax.ts";
import type { ConfigValue, LayerConfig } from "../program/layer-record.ts";
import type { Recorder } from "../program/recorder.ts";
import { apply } from "../program/tape.ts";
import { type Axes, axesOf, recordAlong } from "./axes.ts";

/**
 * By Keras's names. `hard_sigmoid` means Keras 3's relu6(x + 3) / 6; Keras 2's of the same name is 0.2 · x + 0.5 between 0
 * and 1, here `hard_sigmoid_keras2`. `leaky_relu` has slope 0.2, as the function in Keras 3 has.
 */
const CURVE_OF = {
  elu: { kind: "elu" },
  selu: { kind: "selu" },
  gelu: { kind: "gelu" },
  silu: { kind: "silu" },
  swish: { kind: "silu" },
  softplus: { kind: "softplus" },
  softsign: { kind: "softsign" },
  hard_sigmoid: { kind: "hard_sigmoid" },
  hard_sigmoid_keras2: { kind: "hard_sigmoid", slope: 0.2 },
  hard_silu: { kind: "hard_silu" },
  hard_swish: { kind: "hard_silu" },
  leaky_relu: { kind: "rectified", slope: 0.2 },
  relu6: { kind: "rectified", most: 6 },
  exponential: { kind: "exponential" },
  mish: { kind: "mish" },
  celu: { kind: "elu" },
  log_sigmoid: { kind: "log_sigmoid" },
  hard_tanh: { kind: "hard_tanh" },
  hard_shrink: { kind: "hard_shrink", threshold: 0.5 },
  soft_shrink: { kind: "soft_shrink", threshold: 0.5 },
  tanh_shrink: { kind: "tanh_shrink" },
  squareplus: { kind: "squareplus" },
  sparse_plus: { kind: "sparse_plus" },
  sparse_sigmoid: { kind: "hard_sigmoid", slope: 0.5 },
} as const satisfies Readonly<Record<string, CurveAttrs>>;

type CurveName = keyof typeof CURVE_OF;

export type ActivationName = Activation | CurveName | "softmax" | "log_softmax";

/** A layer that is an activation of another one, as Keras takes it: `Conv2D(8, 3, activation=LeakyReLU(0.1))`. */
export interface LayerActivation {
  /** Keras's. */
  readonly className: "ReLU" | "LeakyReLU" | "ELU";
  readonly attrs: CurveAttrs;
  /** In Keras's spelling. */
  readonly config: LayerConfig;
}

export type ActivationOption = ActivationName | LayerActivation;

/** As a layer's record has it: a name, or the class of a layer with its settings. */
export function activationConfig(option: ActivationOption): ConfigValue {
  return typeof option === "string"
    ? option
    : { class_name: option.className, config: option.config };
}

const CURVE_NAMES = Object.keys(CURVE_OF) as readonly CurveName[];

export const ACTIVATION_NAMES: readonly ActivationName[] = [
  ...ACTIVATIONS,
  ...CURVE_NAMES,
  "softmax",
  "log_softmax",
];

/** The part of an activation that the kernel before it applies. */
export function fusedPart(option: ActivationOption): Activation {
  return ACTIVATIONS.find((fused) => fused === option) ?? "linear";
}

/** The rest of it: `x` itself where the kernel before has applied it all. */
export function recordRest(rec: Recorder, x: Tensor, option: ActivationOption): Tensor {
  return ACTIVATIONS.some((fused) => fused === option) ? x : recordActivation(rec, x, option);
}

/** The activation as ops of its own. Throws UsageError for a name that Keras does not have. */
export function recordActivation(rec: Recorder, x: Tensor, option: ActivationOption): Tensor {
  if (typeof option !== "string") return apply(rec, curve, [x], option.attrs);
  if (option === "linear") return apply(rec, reshape, [x], { shape: x.shape });
  if (option === "softmax") return recordSoftmax(rec, x);
  if (option === "log_softmax") return recordRows(rec, x, logSoftmax);
  if (option === "relu" || option === "tanh" || option === "sigmoid") {
    return apply(rec, activation, [x], { kind: option });
  }
  const attrs = Object.hasOwn(CURVE_OF, option) ? CURVE_OF[option] : undefined;
  if (attrs) return apply(rec, curve, [x], attrs);
  throw new UsageError(`activation: is one of ${ACTIVATION_NAMES.join(", ")}, got ${option}`);
}

/** Softmax over some axes together of a tensor of any rank, the last by default. */
export function recordSoftmax(rec: Recorder, x: Tensor, axis: Axes = -1): Tensor {
  const axes = axesOf(axis, x.shape.length, "softmax: axis");
  return recordAlong({ rec, axes }, x, (moved) => recordRows(rec, moved, softmax, axes.length));
}

/** Over the last `count` axes. */
function recordRows(rec: Recorder, x: Tensor, op: RowOp, count = 1): Tensor {
  const { shape } = x;
  if (shape.length === 2 && count === 1) return apply(rec, op, [x], {});
  const classes = sizeOf(shape.slice(-count));
  const rows = apply(rec, reshape, [x], { shape: [sizeOf(shape) / classes, classes] });
  return apply(rec, reshape, [apply(rec, op, [rows], {})], { shape });
}
