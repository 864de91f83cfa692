// A transposed convolution, Keras's Conv2DTranspose: what a convolution of the result would send back to its input. So its
// three passes are those of conv2d, exchanged, on their ladders. Without bias, which is an op of its own (bias-add.ts).
//   y[n,h,w,o] = Σ x[n,ih,iw,i] · k[kh,kw,o,i]     h = ih·sh + kh − top, w = iw·sw + kw − left
//   x (N,IH,IW,I)   k (KH,KW,O,I)   ->   y (N,H,W,O); "same": H = IH·sh; "valid": H = IH·sh + max(KH − sh, 0)
//   with an output padding P, as Keras has it: "same": H = (IH − 1)·sh + KH mod 2 + P; "valid": H = (IH − 1)·sh + KH + P

import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape, shape4 } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Around, Padding } from "../../core/window.ts";
import { climb } from "../../program/ladder.ts";
import type { Op } from "../../program/tape.ts";
import { forwardLadder, inputGradientLadder, weightGradientLadder } from "./conv2d.ts";
import { type ConvGeometry, convGeometry } from "./problem.ts";

export interface TransposedConv2dAttrs {
  readonly strides: readonly [number, number];
  readonly padding: Padding;
  /** Rows and columns beyond the smallest result; default: by the rule above. */
  readonly outputPadding?: readonly [number, number];
}

interface Saved {
  readonly x: Tensor;
  readonly kernel: Tensor;
  readonly geometry: ConvGeometry;
}

type Inputs = readonly [x: Tensor, kernel: Tensor];

export const transposedConv2d: Op<Inputs, TransposedConv2dAttrs, Saved> = {
  name: "transposed-conv2d",

  infer([x, kernel], attrs) {
    const [n, height, width, channels] = shape4(x, "transposed-conv2d");
    const [kh, kw, filters, expected] = shape4(kernel, "transposed-conv2d");
    if (channels !== expected) {
      throw new ShapeError(
        `transposed-conv2d: input has ${channels} channels but the filter expects ${expected}, ` +
          `got x ${formatShape(x)}, kernel ${formatShape(kernel)}`,
      );
    }
    const [down, across] = axesOf([height, width], [kh, kw], attrs);
    return [n, down.extent, across.extent, filters];
  },

  forward(rec, [x, kernel], attrs, shape) {
    const y = rec.allocate(shape, "y", x.dtype);
    const geometry = geometryOf(x.shape, kernel.shape, { shape, attrs });
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
function geometryOf(
  x: Shape,
  kernel: Shape,
  { shape, attrs }: { readonly shape: Shape; readonly attrs: TransposedConv2dAttrs },
): ConvGeometry {
  const [, height, width] = shape4(x, "transposed-conv2d");
  const [kh, kw] = shape4(kernel, "transposed-conv2d");
  const [down, across] = axesOf([height, width], [kh, kw], attrs);
  const padding = [down.around, across.around] as const;
  return convGeometry(shape, kernel, { strides: attrs.strides, padding, activation: "linear" });
}

interface Axis {
  /** Of the result. */
  readonly extent: number;
  /** What the convolution has before and after it; less than none after it where no window reaches its end. */
  readonly around: Around;
}

type Two = readonly [number, number];

function axesOf(sizes: Two, windows: Two, attrs: TransposedConv2dAttrs): readonly [Axis, Axis] {
  const { strides, padding, outputPadding } = attrs;
  const along = (axis: 0 | 1): Axis => {
    const [size, window, stride] = [sizes[axis], windows[axis], strides[axis]];
    const reach = (size - 1) * stride + window;
    const beyond = outputPadding?.[axis];
    const rest = padding === "same" ? window - (window % 2) : 0;
    const standard = padding === "same" ? size * stride : reach + Math.max(stride - window, 0);
    const extent = beyond === undefined ? standard : reach - rest + beyond;
    const before = padding === "same" ? Math.floor(Math.max(reach - extent, 0) / 2) : 0;
    return { extent, around: [before, reach - before - extent] };
  };
  return [along(0), along(1)];
}
