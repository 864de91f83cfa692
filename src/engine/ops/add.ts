// Elementwise sum of two tensors of the same shape (a residual connection; two gradients of one tensor).
//   y = a + b     da = dy     db = dy

import shader from "../../shaders/add.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";
import { wordStride } from "../program/word-stride.ts";

export const add: Op<readonly [a: Tensor, b: Tensor], Record<string, never>, null> = {
  name: "add",

  infer([a, b]) {
    if (!sameShape(a, b)) {
      throw new ShapeError(
        `add: both inputs have the same shape, got ${formatShape(a)} and ${formatShape(b)}`,
      );
    }
    return a;
  },

  forward(rec, [a, b]) {
    return { output: addTensors(rec, a, b, "y"), saved: null };
  },

  backward(_rec, dy) {
    return [dy, dy];
  },
};

const KERNEL: Kernel = kernelFrom(shader, "forward");

export function* addKernels(): Iterable<Kernel> {
  yield KERNEL;
}

/** Records `a + b` into a new tensor. */
export function addTensors(rec: Recorder, a: Tensor, b: Tensor, label: string): Tensor {
  const y = rec.allocate(a.shape, label, a.dtype);
  const elements = sizeOf(a.shape);
  const vectors = ceilDiv(elements, 4);
  const stride = wordStride(rec, vectors);
  rec.dispatch({
    op: "add",
    kernel: KERNEL,
    grid: linearGrid(stride, 64),
    bind: { a, b, y },
    params: { vectors, stride },
    flops: elements,
  });
  return y;
}
