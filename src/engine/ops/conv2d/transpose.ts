// A transposed convolution, Keras's Conv2DTranspose: what a convolution of the result would send back to its input. So its
// three passes are those of conv2d, exchanged, on their ladders. Without bias, which is an op of its own (bias-add.ts).
//   y[n,h,w,o] = Σ x[n,ih,iw,i] · k[kh,kw,o,i]     h = ih·sh + kh − top, w = iw·sw + kw − left
//   x (N,IH,IW,I)   k (KH,KW,O,I)   ->   y (N,H,W,O); "same": H = IH·sh; "valid": H = IH·sh + max(KH − sh, 0)

import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape, shape4 } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Padding } from "../../core/window.ts";
import { climb } from "../../program/ladder.ts";
import type { Op } from "../../program/tape.ts";
import { forwardLadder, inputGradientLadder, weightGradientLadder } from "./conv2d.ts";
import { type ConvGeometry, convGeometry } from "./problem.ts";

export interface TransposedConv2dAttrs {
  readonly strides: readonly [number, number];
  readonly padding: Padding;
}

interface Saved {
  readonly x: Tensor;
  readonly kernel: Tensor;
  readonly geometry: ConvGeometry;
}

type Inputs = readonly [x: Tensor, kernel: Tensor];

export const transposedConv2d: Op<Inputs, TransposedConv2dAttrs, Saved> = {
  name: "transposed-conv2d",

  infer([x, kernel], { strides, padding }) {
    const [n, height, width, channels] = shape4(x, "transposed-conv2d");
    const [kh, kw, filters, expected] = shape4(kernel, "transposed-conv2d");
    if (channels !== expected) {
      throw new ShapeError(
        `transposed-conv2d: input has ${channels} channels but the filter expects ${expected}, ` +
          `got x ${formatShape(x)}, kernel ${formatShape(kernel)}`,
      );
    }
    const extent = (size: number, window: number, stride: number) =>
      size * stride + (padding === "same" ? 0 : Math.max(window - stride, 0));
    return [n, extent(height, kh, strides[0]), extent(width, kw, strides[1]), filters];
  },

  forward(rec, [x, kernel], attrs, shape) {
    const y = rec.allocate(shape, "y", x.dtype);
    const geometry = geometryOf(shape, kernel.shape, attrs);
    climb(rec, inputGradientLadder, { geometry, dy: x, w: kernel, dx: y });
    return { output: y, saved: { x, kernel, geometry } };
  },

  backward(rec, dy, { x, kernel, geometry }, _attrs, [needsX, needsKernel]) {
    const dx = needsX ? rec.allocate(x.shape, "dx", x.dtype) : null;
    if (dx) {
      const problem = { geometry, x: dy, w: kernel, b: null, y: dx };
      climb(rec, forwardLadder, { ...problem, activation: "linear" });
    }
    const dw = needsKernel ? rec.allocate(kernel.shape, "dkernel") : null;
    if (dw) climb(rec, weightGradientLadder, { geometry, x: dy, dy: x, dw, db: null });
    return [dx, dw];
  },
};

/** Of the convolution that would make x of y. */
function geometryOf(y: Shape, kernel: Shape, attrs: TransposedConv2dAttrs): ConvGeometry {
  return convGeometry(y, kernel, { ...attrs, activation: "linear" });
}
