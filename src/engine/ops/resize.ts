// Images to another size, from the middles of their pixels and without smoothing, as TensorFlow resizes.
//   bilinear   y[h', w'] = x at h = (h' + ½) · H / OH − ½, w likewise, between its neighbours; the edge beyond the edge
//   nearest    y[h', w'] = x[⌊(h' + ½) · H / OH⌋, ⌊(w' + ½) · W / OW⌋]
//   fromCorners: without the halves, as tf.image.resize of TensorFlow 1
//   dx[h, w] = Σ dy · share of x[h, w] in it
//   x (N,H,W,C)   ->   y (N, OH, OW, C)

import shader from "../../shaders/resize.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { type Shape, shape4, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";

export const INTERPOLATIONS = ["bilinear", "nearest"] as const;

export type Interpolation = (typeof INTERPOLATIONS)[number];

export interface ResizeAttrs {
  /** Rows and columns of the result. */
  readonly size: readonly [height: number, width: number];
  readonly interpolation: Interpolation;
  /** A pixel's place is that of its corner and not of its middle; default false. */
  readonly fromCorners?: boolean;
}

export const resize: Op<readonly [x: Tensor], ResizeAttrs, Shape> = {
  name: "resize",

  infer([x], { size }) {
    const [n, , , channels] = shape4(x, "resize");
    if (!size.every((extent) => Number.isInteger(extent) && extent > 0)) {
      throw new ShapeError(`resize: takes whole numbers of at least 1, got ${size}`);
    }
    return [n, ...size, channels];
  },

  forward(rec, [x], attrs, shape) {
    const y = rec.allocate(shape, "y", x.dtype);
    rec.dispatch({
      ...extent(y, x.shape, shape),
      kernel: kernel("forward", attrs),
      bind: { x, y },
    });
    return { output: y, saved: x.shape };
  },

  backward(rec, dy, shape, attrs) {
    const dx = rec.allocate(shape, "dx", dy.dtype);
    rec.dispatch({
      ...extent(dx, shape, dy.shape),
      kernel: kernel("backward", attrs),
      bind: { dy, dx },
    });
    return [dx];
  },
};

function extent(written: Tensor, from: Shape, to: Shape) {
  const [, h, w, c] = shape4(from, "resize");
  const [, oh, ow] = shape4(to, "resize");
  const elements = sizeOf(written.shape);
  const params = { elements, h, w, oh, ow, c, down: h / oh, across: w / ow };
  return { op: "resize", grid: linearGrid(elements, 64), params, flops: 6 * sizeOf(to) };
}

type Way = Pick<ResizeAttrs, "interpolation" | "fromCorners">;

function kernel(entry: "forward" | "backward", { interpolation, fromCorners }: Way): Kernel {
  const flags = { NEAREST: interpolation === "nearest", CORNERS: fromCorners === true };
  return kernelFrom(shader, entry, { flags });
}

/** Every kernel that this file dispatches. */
export function* resizeKernels(): Iterable<Kernel> {
  for (const interpolation of INTERPOLATIONS) {
    for (const fromCorners of [false, true]) {
      yield kernel("forward", { interpolation, fromCorners });
      yield kernel("backward", { interpolation, fromCorners });
    }
  }
}
