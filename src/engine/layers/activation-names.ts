// Keras's activations by their names: which op records each. Those that Dense and Conv2D fuse into their kernels they
// record themselves; the others follow as an op of their own, within the layer.

import { UsageError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { activation } from "../ops/activation.ts";
import { type CurveAttrs, curve } from "../ops/curve.ts";
import { ACTIVATIONS, type Activation } from "../ops/gemm/bias-activation.ts";
import { reshape } from "../ops/reshape.ts";
import { softmax } from "../ops/softmax.ts";
import type { Recorder } from "../program/recorder.ts";
import { apply } from "../program/tape.ts";

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
} as const satisfies Readonly<Record<string, CurveAttrs>>;

type CurveName = keyof typeof CURVE_OF;

export type ActivationName = Activation | CurveName | "softmax";

const CURVE_NAMES = Object.keys(CURVE_OF) as readonly CurveName[];

export const ACTIVATION_NAMES: readonly ActivationName[] = [
  ...ACTIVATIONS,
  ...CURVE_NAMES,
  "softmax",
];

/** The part of an activation that the kernel before it applies. */
export function fusedPart(name: ActivationName): Activation {
  return ACTIVATIONS.find((fused) => fused === name) ?? "linear";
}

/** The rest of it: `x` itself where the kernel before has applied it all. */
export function recordRest(rec: Recorder, x: Tensor, name: ActivationName): Tensor {
  return ACTIVATIONS.some((fused) => fused === name) ? x : recordActivation(rec, x, name);
}

/** The activation as ops of its own. Throws UsageError for a name that Keras does not have. */
export function recordActivation(rec: Recorder, x: Tensor, name: ActivationName): Tensor {
  if (name === "linear") return apply(rec, reshape, [x], { shape: x.shape });
  if (name === "softmax") return recordSoftmax(rec, x);
  if (name === "relu" || name === "tanh" || name === "sigmoid") {
    return apply(rec, activation, [x], { kind: name });
  }
  const attrs = Object.hasOwn(CURVE_OF, name) ? CURVE_OF[name] : undefined;
  if (attrs) return apply(rec, curve, [x], attrs);
  throw new UsageError(`activation: is one of ${ACTIVATION_NAMES.join(", ")}, got ${name}`);
}

/** Softmax over the last axis of a tensor of any rank. */
export function recordSoftmax(rec: Recorder, x: Tensor): Tensor {
  const { shape } = x;
  if (shape.length === 2) return apply(rec, softmax, [x], {});
  const classes = shape.at(-1) ?? 1;
  const rows = apply(rec, reshape, [x], { shape: [sizeOf(shape) / classes, classes] });
  return apply(rec, reshape, [apply(rec, softmax, [rows], {})], { shape });
}
