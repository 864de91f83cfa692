// The same elements under another shape. A view: nothing is dispatched, forward or backward.
//   y = x, row by row     dx = dy     x, y any two shapes of as many elements

import { ShapeError } from "../core/errors.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import { reshaped, type Tensor } from "../core/tensor.ts";
import type { Recorder } from "../program/recorder.ts";
import { apply, type Op } from "../program/tape.ts";

export interface ReshapeAttrs {
  /** The whole shape, batch axis included; one extent may be −1 and follows from the others. */
  readonly shape: Shape;
}

export const reshape: Op<readonly [x: Tensor], ReshapeAttrs, Shape> = {
  name: "reshape",

  infer([x], { shape }) {
    const known = shape.filter((extent) => extent !== -1);
    if (shape.length - known.length > 1 || known.some((n) => !Number.isInteger(n) || n < 1)) {
      throw new ShapeError(
        `reshape: extents are positive integers, at most one is -1, got ${formatShape(shape)}`,
      );
    }
    const rest = sizeOf(x) / sizeOf(known);
    const resolved = shape.map((extent) => (extent === -1 ? rest : extent));
    if (!Number.isInteger(rest) || sizeOf(resolved) !== sizeOf(x)) {
      throw new ShapeError(
        `reshape: both shapes have the same number of elements, got ${formatShape(x)} to ${formatShape(shape)}`,
      );
    }
    return resolved;
  },

  forward(_rec, [x], _attrs, shape) {
    return { output: reshaped(x, shape), saved: x.shape };
  },

  backward(_rec, dy, shape) {
    return [reshaped(dy, shape)];
  },
};

/** (N, …) as (N, the product of the others): row-major, so channels are innermost, as Keras flattens. */
export function flatten(rec: Recorder, x: Tensor): Tensor {
  const [batch = 1] = x.shape;
  return apply(rec, reshape, [x], { shape: [batch, -1] });
}
