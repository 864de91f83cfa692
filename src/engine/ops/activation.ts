// Activations as an op of their own; dense and conv2d fuse theirs (bias-activation.ts).
//   relu: y = x where x > 0, else 0, dx = dy where y > 0     tanh: dx = dy · (1 − y²)     sigmoid: dx = dy · y · (1 − y)
//   x, y any shape
// The gradient of relu at 0 is 0, as in Keras. A NaN passes through all three.

import shader from "../../shaders/activation.wgsl";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";
import type { TapeEntry } from "../program/tape-entry.ts";
import { wordStride } from "../program/word-stride.ts";
import { activationFlags } from "./gemm/bias-activation.ts";

export type ActivationKind = "relu" | "tanh" | "sigmoid";

export interface ActivationAttrs {
  readonly kind: ActivationKind;
}

const KINDS: readonly ActivationKind[] = ["relu", "tanh", "sigmoid"];

export const activation: Op<readonly [x: Tensor], ActivationAttrs, Tensor> = {
  name: "activation",

  infer([x]) {
    return x;
  },

  forward(rec, [x], { kind }) {
    const y = rec.allocate(x.shape, "y", x.dtype);
    rec.dispatch({
      op: "activation",
      kernel: kernel(kind, "forward"),
      bind: { x, y },
      ...extent(rec, x),
    });
    return { output: y, saved: y };
  },

  backward(rec, dy, output, { kind }) {
    return [recordActivationBackward(rec, { kind, output, dy })];
  },
};

/** What a sigmoid was applied to; null for an entry of another op or kind. */
export function sigmoidInput({ op, attrs, inputs }: TapeEntry): Tensor | null {
  if (op !== activation.name || (attrs as ActivationAttrs).kind !== "sigmoid") return null;
  return inputs[0] ?? null;
}

/** Records dx, given the output of the activation: for ops that apply one themselves, too. */
export function recordActivationBackward(
  rec: Recorder,
  { kind, output, dy }: ActivationAttrs & { readonly output: Tensor; readonly dy: Tensor },
): Tensor {
  const dx = rec.allocate(dy.shape, "dx", dy.dtype);
  rec.dispatch({
    op: "activation",
    kernel: kernel(kind, "backward"),
    bind: { output, dy, dx },
    ...extent(rec, dy),
  });
  return dx;
}

function extent(rec: Recorder, { shape }: Tensor) {
  const elements = sizeOf(shape);
  const vectors = ceilDiv(elements, 4);
  const stride = wordStride(rec, vectors);
  return { grid: linearGrid(stride, 64), params: { vectors, stride }, flops: elements };
}

function kernel(kind: ActivationKind, pass: "forward" | "backward"): Kernel {
  return kernelFrom(shader, pass, {
    flags: { ...activationFlags(kind), RATIONAL: kind === "tanh" },
  });
}

/** Every kernel that this file dispatches. */
export function* activationKernels(): Iterable<Kernel> {
  for (const kind of KINDS) {
    yield kernel(kind, "forward");
    yield kernel(kind, "backward");
  }
}
