// Leaky ReLU: an activation that lets a part of what is negative through, so that no unit dies.
//   y = x where x > 0, else slope · x     dx = dy where x > 0, else slope · dy
//   x, y any shape
// The slope's name and default, 0.3, are those of Keras 3's layer. The gradient at 0 is that of the negative side.
// A solution of docs/learn/08-exercises.md; in src/ its imports would be shorter.

import { UsageError } from "../../../src/engine/core/errors.ts";
import { type Kernel, kernelFrom } from "../../../src/engine/core/kernel.ts";
import { ceilDiv, sizeOf } from "../../../src/engine/core/shape.ts";
import type { Tensor } from "../../../src/engine/core/tensor.ts";
import { linearGrid, type Recorder } from "../../../src/engine/program/recorder.ts";
import type { Op } from "../../../src/engine/program/tape.ts";
import { wordStride } from "../../../src/engine/program/word-stride.ts";
import shader from "./leaky-relu.wgsl";

export interface LeakyReluAttrs {
  /** Share of what is negative that passes; Keras's default is 0.3. */
  readonly negativeSlope: number;
}

export const leakyRelu: Op<readonly [x: Tensor], LeakyReluAttrs, Tensor> = {
  name: "leaky-relu",

  infer([x], { negativeSlope }) {
    if (!(negativeSlope >= 0)) {
      throw new UsageError(`leaky-relu: negativeSlope is at least 0, got ${negativeSlope}`);
    }
    return x;
  },

  forward(rec, [x], { negativeSlope }) {
    const y = rec.allocate(x.shape, "y");
    rec.dispatch({
      op: "leaky-relu",
      kernel: FORWARD,
      bind: { x, y },
      ...extent(rec, x, negativeSlope),
    });
    return { output: y, saved: x };
  },

  backward(rec, dy, x, { negativeSlope }) {
    const dx = rec.allocate(x.shape, "dx");
    rec.dispatch({
      op: "leaky-relu",
      kernel: BACKWARD,
      bind: { x, dy, dx },
      ...extent(rec, x, negativeSlope),
    });
    return [dx];
  },
};

const FORWARD: Kernel = kernelFrom(shader, "forward");
const BACKWARD: Kernel = kernelFrom(shader, "backward");

function extent(rec: Recorder, { shape }: Tensor, slope: number) {
  const elements = sizeOf(shape);
  const vectors = ceilDiv(elements, 4);
  const stride = wordStride(rec, vectors);
  return { grid: linearGrid(stride, 64), params: { vectors, stride, slope }, flops: elements };
}

/** Every kernel that the op may dispatch. */
export function* leakyReluKernels(): Iterable<Kernel> {
  yield FORWARD;
  yield BACKWARD;
}
