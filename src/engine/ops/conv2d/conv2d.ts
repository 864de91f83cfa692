// 2-D convolution (cross-correlation, as every library means it), NHWC, with bias and activation in the same kernel.
//   y[n,oh,ow,o] = activate(b[o] + Σ x[n, oh·sh + kh − top, ow·sw + kw − left, i] · w[kh,kw,i,o])
//   x (N,H,W,I)   w (KH,KW,I,O)   b (O)   ->   y (N,OH,OW,O)
// "same" pads as TensorFlow does: the odd pixel goes to the bottom and right. Dilation is always 1.

import { ShapeError } from "../../core/errors.ts";
import type { Kernel } from "../../core/kernel.ts";
import { formatShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { climb } from "../../program/ladder.ts";
import type { Op } from "../../program/tape.ts";
import { recordBiasActivationBackward } from "../gemm/bias-activation.ts";
import { weightGradientKernels, weightGradientLadder } from "./dw.ts";
import { inputGradientKernels, inputGradientLadder } from "./dx.ts";
import { forwardKernels, forwardLadder } from "./forward.ts";
import { type Conv2dAttrs, type ConvGeometry, convGeometry } from "./problem.ts";

export type { Conv2dAttrs } from "./problem.ts";

/** With or without bias. */
type Inputs = readonly [x: Tensor, w: Tensor] | readonly [x: Tensor, w: Tensor, b: Tensor];

interface Saved {
  readonly inputs: Inputs;
  readonly y: Tensor;
  readonly geometry: ConvGeometry;
}

export const conv2d: Op<Inputs, Conv2dAttrs, Saved> = {
  name: "conv2d",

  infer([x, w, b], attrs) {
    const { n, oh, ow, o } = convGeometry(x, w, attrs);
    if (b && (b.length !== 1 || b[0] !== o)) {
      throw new ShapeError(
        `conv2d: the bias has one element a filter, (${o},), got ${formatShape(b)}`,
      );
    }
    return [n, oh, ow, o];
  },

  forward(rec, inputs, attrs, shape) {
    const [x, w, b = null] = inputs;
    const geometry = convGeometry(x.shape, w.shape, attrs);
    const y = rec.allocate(shape, "y");
    climb(rec, forwardLadder, { geometry, x, w, b, y, activation: attrs.activation });
    return { output: y, saved: { inputs, y, geometry } };
  },

  backward(rec, dy, saved, attrs, needs) {
    const { inputs, y, geometry } = saved;
    const [x, w, b] = inputs;
    const { activation } = attrs;
    const hasBias = b !== undefined && needs[2] === true;
    const { dz, db } = recordBiasActivationBackward(rec, { dy, y, activation, hasBias });
    const dx = needs[0] ? rec.allocate(x.shape, "dx") : null;
    const dw = needs[1] ? rec.allocate(w.shape, "dw") : null;
    if (dx) climb(rec, inputGradientLadder, { geometry, dy: dz, w, dx });
    if (dw) climb(rec, weightGradientLadder, { geometry, x, dy: dz, dw });
    return b ? [dx, dw, db] : [dx, dw];
  },
};

/** Every kernel that the op may dispatch on an adapter whose subgroups have this size. */
export function* conv2dKernels(subgroupSize: number | null): Iterable<Kernel> {
  yield* forwardKernels(subgroupSize);
  yield* inputGradientKernels();
  yield* weightGradientKernels(subgroupSize);
}
