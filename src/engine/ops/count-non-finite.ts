// Counts what is infinite or NaN, for whoever watches the numbers of a training: one dispatch a tensor, no read-back.
//   counts[slot] += number of elements of x that are not finite
//   x any shape, f32   counts (slots) u32, a running count that the host reads and resets
// Not differentiable: it leaves nothing on the tape.

import shader from "../../shaders/count-non-finite.wgsl";
import { viewsWithin } from "../core/binding.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import { reshaped, type Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import { wordStride } from "../program/word-stride.ts";

/** Records the counting of a tensor; in several dispatches where the adapter cannot bind it whole. */
export function countNonFinite(rec: Recorder, x: Tensor, counts: Tensor, slot = 0): void {
  const limit = rec.capabilities.maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY;
  for (const part of viewsWithin(reshaped(x, [sizeOf(x.shape)]), limit)) {
    const elements = sizeOf(part.shape);
    const vectors = ceilDiv(elements, 4);
    const stride = wordStride(rec, vectors);
    rec.dispatch({
      op: "count-non-finite",
      kernel: COUNT,
      grid: linearGrid(stride, 64),
      bind: { x: part, counts },
      params: { elements, vectors, stride, slot },
      touched: { counts: 4 },
    });
  }
}

const COUNT: Kernel = kernelFrom(shader, "count");

/** Every kernel that this file dispatches. */
export function* countNonFiniteKernels(): Iterable<Kernel> {
  yield COUNT;
}
