// A bias for each channel, for ops whose own kernels add none.
//   y = x + b[c]     dx = dy     db[c] = Σ dy[…, c]
//   x (…, C)   b (C)   ->   y (…, C)

import shader from "../../shaders/bias-add.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import { reshaped, type Tensor } from "../core/tensor.ts";
import { linearGrid } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";
import { recordBiasActivationBackward } from "./gemm/bias-activation.ts";

const KERNEL: Kernel = kernelFrom(shader, "forward");

export const biasAdd: Op<readonly [x: Tensor, b: Tensor], Record<string, never>, null> = {
  name: "bias-add",

  infer([x, b]) {
    if (b.length !== 1 || b[0] !== x.at(-1)) {
      throw new ShapeError(
        `bias-add: has a bias for each channel, got x ${formatShape(x)}, b ${formatShape(b)}`,
      );
    }
    return x;
  },

  forward(rec, [x, b], _attrs, shape) {
    const y = rec.allocate(shape, "y", x.dtype);
    const elements = sizeOf(shape);
    rec.dispatch({
      op: "bias-add",
      kernel: KERNEL,
      grid: linearGrid(elements, 64),
      bind: { x, b, y },
      params: { elements, channels: sizeOf(b.shape) },
      flops: elements,
    });
    return { output: y, saved: null };
  },

  backward(rec, dy, _saved, _attrs, [, needsB]) {
    const sums = { dy, y: dy, activation: "linear", hasBias: needsB } as const;
    // A tensor of its own: the tape tells tensors apart by identity.
    return [reshaped(dy, dy.shape), recordBiasActivationBackward(rec, sums).db];
  },
};

/** Every kernel that this file dispatches. */
export function* biasAddKernels(): Iterable<Kernel> {
  yield KERNEL;
}
