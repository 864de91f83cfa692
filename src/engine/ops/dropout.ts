// Dropout, training only (when not training, do not apply it).
//   y = x · keep / (1 − rate)     keep iff u >= rate, u uniform in [0, 1)     dx = dy · keep / (1 − rate)
//   x, y any shape     clock (≥ 1) u32, element 0 is the step; it must not advance between forward and backward
// The mask is never stored: forward and backward compute it from (element, step, stream, seed), see core/random.ts.

import shader from "../../shaders/dropout.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import { reshaped, type Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";

export interface DropoutAttrs {
  /** Share of elements dropped, from 0 (then nothing is dispatched) to 1. */
  readonly rate: number;
  readonly seed: number;
  /** Tells layers with the same seed apart. */
  readonly stream: number;
}

export const dropout: Op<readonly [x: Tensor, clock: Tensor], DropoutAttrs, Tensor> = {
  name: "dropout",

  infer([x], { rate }) {
    if (!(rate >= 0 && rate <= 1)) {
      throw new UsageError(`dropout: rate is a number from 0 to 1, got ${rate}`);
    }
    return x;
  },

  forward(rec, [x, clock], attrs) {
    return { output: masked(rec, { x, clock, label: "y" }, attrs), saved: clock };
  },

  backward(rec, dy, clock, attrs) {
    return [masked(rec, { x: dy, clock, label: "dx" }, attrs), null];
  },
};

const FORWARD: Kernel = kernelFrom(shader, "forward");

function masked(
  rec: Recorder,
  { x, clock, label }: { x: Tensor; clock: Tensor; label: string },
  { rate, seed, stream }: DropoutAttrs,
): Tensor {
  // A tensor of its own even so: the tape tells tensors apart by identity.
  if (rate === 0) return reshaped(x, x.shape);
  const y = rec.allocate(x.shape, label, x.dtype);
  const elements = sizeOf(x.shape);
  const vectors = ceilDiv(elements, 4);
  const scale = rate === 1 ? 0 : 1 / (1 - rate);
  rec.dispatch({
    op: "dropout",
    kernel: FORWARD,
    grid: linearGrid(vectors, 64),
    bind: { x, clock, y },
    params: { vectors, stream, seed, rate, scale },
    touched: { clock: 4 },
    flops: elements,
  });
  return y;
}

/** Every kernel that this file dispatches. */
export function* dropoutKernels(): Iterable<Kernel> {
  yield FORWARD;
}
