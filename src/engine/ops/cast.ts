// Tensors stored otherwise than they are: rounded to f16, widened to f32, and on the way multiplied or divided by a number.
//   y = x     y = x · factor     y = x / factor
//   x any shape, f32 or f16   ->   y of the same shape, stored as asked
// Not differentiable by itself: it leaves nothing on the tape.

import shader from "../../shaders/cast.wgsl";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import type { DType, Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import { wordStride } from "../program/word-stride.ts";

/** How numbers are stored. */
export type Stored = Extract<DType, "f32" | "f16">;

/** Records a copy of `x`, stored so. */
export function recordCast(rec: Recorder, x: Tensor, dtype: Stored): Tensor {
  const y = rec.allocate(x.shape, `${x.label}.${dtype}`, dtype);
  recordCastInto(rec, x, y);
  return y;
}

/** The same into a tensor of its size that is there already. */
export function recordCastInto(rec: Recorder, x: Tensor, y: Tensor): void {
  rec.dispatch({ ...extent(rec, x), kernel: COPY, bind: { x, y } });
}

/** Records `x · factor`, with factor (1) f32 on the device, stored so. */
export function recordScaled(
  rec: Recorder,
  x: Tensor,
  { factor, dtype }: { readonly factor: Tensor; readonly dtype: DType },
): Tensor {
  const y = rec.allocate(x.shape, `${x.label}.scaled`, dtype);
  const flops = sizeOf(x.shape);
  rec.dispatch({ ...extent(rec, x), kernel: SCALE, bind: { x, factor, y }, flops });
  return y;
}

/** Records `x / factor` as f32, with factor (1) f32 on the device. */
export function recordUnscaled(rec: Recorder, x: Tensor, factor: Tensor): Tensor {
  const y = rec.allocate(x.shape, `${x.label}.unscaled`);
  const flops = sizeOf(x.shape);
  rec.dispatch({ ...extent(rec, x), kernel: UNSCALE, bind: { x, factor, y }, flops });
  return y;
}

function extent(rec: Recorder, { shape }: Tensor) {
  const vectors = ceilDiv(sizeOf(shape), 4);
  const stride = wordStride(rec, vectors);
  return { op: "cast", grid: linearGrid(stride, 64), params: { vectors, stride } };
}

const COPY: Kernel = kernelFrom(shader, "copy");
const SCALE: Kernel = kernelFrom(shader, "scale");
const UNSCALE: Kernel = kernelFrom(shader, "unscale");

/** Every kernel that this file dispatches. */
export function* castKernels(): Iterable<Kernel> {
  yield COPY;
  yield SCALE;
  yield UNSCALE;
}
