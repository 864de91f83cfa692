// Zeros around the images of a batch (Keras's ZeroPadding2D).
//   y[n, h + top, w + left, c] = x[n, h, w, c], 0 elsewhere     dx[n, h, w, c] = dy[n, h + top, w + left, c]
//   x (N,H,W,C)   ->   y (N, top + H + bottom, left + W + right, C)

import shader from "../../shaders/zero-padding.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { type Shape, shape4, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import { type Op, producerOf } from "../program/tape.ts";

export interface ZeroPaddingAttrs {
  /** As Keras writes it: ((top, bottom), (left, right)). */
  readonly padding: readonly [
    readonly [top: number, bottom: number],
    readonly [left: number, right: number],
  ];
}

export const zeroPadding: Op<readonly [x: Tensor], ZeroPaddingAttrs, Shape> = {
  name: "zero-padding",

  infer([x], { padding }) {
    const [n, height, width, channels] = shape4(x, "zero-padding");
    const [[top, bottom], [left, right]] = padding;
    if (padding.flat().some((extent) => !Number.isInteger(extent) || extent < 0)) {
      throw new ShapeError(
        `zero-padding: pads by whole numbers from 0, got ((${top}, ${bottom}), (${left}, ${right}))`,
      );
    }
    return [n, top + height + bottom, left + width + right, channels];
  },

  forward(rec, [x], attrs, shape) {
    const y = rec.allocate(shape, "y", x.dtype);
    rec.dispatch({
      op: "zero-padding",
      kernel: FORWARD,
      grid: linearGrid(sizeOf(shape), 64),
      bind: { x, y },
      params: { elements: sizeOf(shape), ...geometry(x.shape, shape, attrs) },
    });
    return { output: y, saved: x.shape };
  },

  backward(rec, dy, shape, attrs) {
    const dx = rec.allocate(shape, "dx", dy.dtype);
    rec.dispatch({
      op: "zero-padding",
      kernel: BACKWARD,
      grid: linearGrid(sizeOf(shape), 64),
      bind: { dy, dx },
      params: { elements: sizeOf(shape), ...geometry(shape, dy.shape, attrs) },
    });
    return [dx];
  },
};

/** What was padded to give this tensor, how and by which layers; null where it is no padded tensor. */
export function unpadded(
  rec: Recorder,
  y: Tensor,
): (ZeroPaddingAttrs & { readonly x: Tensor; readonly layers: readonly string[] }) | null {
  const entry = producerOf(rec, y);
  const x = entry?.inputs[0];
  if (entry?.op !== zeroPadding.name || !x) return null;
  return { ...(entry.attrs as ZeroPaddingAttrs), x, layers: entry.origin.layers };
}

const FORWARD: Kernel = kernelFrom(shader, "forward");
const BACKWARD: Kernel = kernelFrom(shader, "backward");

function geometry(inner: Shape, outer: Shape, { padding }: ZeroPaddingAttrs) {
  const [, height, width, channels] = shape4(inner, "zero-padding");
  const [, outHeight, outWidth] = shape4(outer, "zero-padding");
  const [[top], [left]] = padding;
  return {
    height,
    line: width * channels,
    out_height: outHeight,
    out_line: outWidth * channels,
    top,
    before: left * channels,
  };
}

/** Every kernel that this file dispatches. */
export function* zeroPaddingKernels(): Iterable<Kernel> {
  yield FORWARD;
  yield BACKWARD;
}
