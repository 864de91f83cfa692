// Mean of every channel over whole images, NHWC; the head of a ResNet.
//   y[n,c] = 1/(H·W) · Σ x[n,h,w,c]     dx[n,h,w,c] = dy[n,c] / (H·W)
//   x (N,H,W,C) -> y (N,C)

import shader from "../../../shaders/pool/global-average-pool2d.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv, shape4, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import type { Op } from "../../program/tape.ts";

type Entry = "forward" | "backward";

export const globalAveragePool2d: Op<readonly [x: Tensor], Record<string, never>, Tensor> = {
  name: "global-average-pool2d",

  infer([x]) {
    const [n, , , c] = shape4(x, "global-average-pool2d");
    return [n, c];
  },

  forward(rec, [x], _attrs, shape) {
    const y = rec.allocate(shape, "y", x.dtype);
    dispatch(rec, "forward", x, { x, y });
    return { output: y, saved: x };
  },

  backward(rec, dy, x) {
    const dx = rec.allocate(x.shape, "dx", x.dtype);
    dispatch(rec, "backward", x, { dy, dx });
    return [dx];
  },
};

export function* globalAveragePool2dKernels(): Iterable<Kernel> {
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
  const [n, height, width, c] = shape4(x.shape, "global-average-pool2d");
  const byFour = c % 4 === 0;
  const channels = byFour ? c / 4 : c;
  // Forward sums whole images; backward need not write them whole, except where invocations are dear.
  const strip = entry === "forward" || rec.capabilities.isSoftware ? height : 1;
  rec.dispatch({
    op: "global-average-pool2d",
    kernel: kernelOf(entry, byFour),
    grid: linearGrid(n * ceilDiv(height, strip) * channels, 64),
    bind,
    params: { images: n, height, width, channels, strip },
    flops: sizeOf(x.shape),
  });
}

function kernelOf(entry: Entry, byFour: boolean): Kernel {
  return kernelFrom(shader, entry, { flags: { BY_FOUR: byFour } });
}
