// Maximum of every channel over whole images, NHWC.
//   y[n,c] = max x[n,h,w,c]     dx[n,h,w,c] = dy[n,c] / ties where x[n,h,w,c] = y[n,c], else 0
//   x (N,H,W,C) -> y (N,C)
// The maximum of an image with a NaN is NaN, and so is the gradient of each of its cells, as in Keras on JAX.
// Equal maxima share the gradient, as Keras's reduction has it; its pooling with a window gives it to the first.

import shader from "../../../shaders/pool/global-max-pool2d.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { shape4, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import type { Op } from "../../program/tape.ts";

const NAME = "global-max-pool2d";

type Entry = "forward" | "backward";

interface Saved {
  readonly x: Tensor;
  readonly y: Tensor;
}

export const globalMaxPool2d: Op<readonly [x: Tensor], Record<string, never>, Saved> = {
  name: NAME,

  infer([x]) {
    const [n, , , c] = shape4(x, NAME);
    return [n, c];
  },

  forward(rec, [x], _attrs, shape) {
    const y = rec.allocate(shape, "y", x.dtype);
    dispatch(rec, "forward", x, { x, y });
    return { output: y, saved: { x, y } };
  },

  backward(rec, dy, { x, y }) {
    const dx = rec.allocate(x.shape, "dx", x.dtype);
    dispatch(rec, "backward", x, { x, top: y, dy, dx });
    return [dx];
  },
};

export function* globalMaxPool2dKernels(): Iterable<Kernel> {
  for (const entry of ["forward", "backward"] as const) {
    yield kernelOf(entry, false);
    yield kernelOf(entry, true);
  }
}

function dispatch(
  rec: Recorder,
  entry: Entry,
  x: Tensor,
  bind: Readonly<Record<string, Tensor>>,
): void {
  const [images, height, width, c] = shape4(x.shape, NAME);
  const byFour = c % 4 === 0;
  const channels = byFour ? c / 4 : c;
  rec.dispatch({
    op: NAME,
    kernel: kernelOf(entry, byFour),
    grid: linearGrid(images * channels, 64),
    bind,
    params: { images, cells: height * width, channels },
    flops: sizeOf(x.shape),
  });
}

function kernelOf(entry: Entry, byFour: boolean): Kernel {
  return kernelFrom(shader, entry, { flags: { BY_FOUR: byFour } });
}
