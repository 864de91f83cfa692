// Each channel moved and scaled by given statistics, Keras's Normalization. No gradient flows into the statistics.
//   y = (x − mean[c]) / deviation[c], inverted: y = mean[c] + x · deviation[c]     deviation = max(√variance, 1e-7)
//   dx = dy / deviation[c], inverted: dy · deviation[c]
//   x (…, C)   mean, variance (C)   ->   y (…, C)

import shader from "../../shaders/standardise.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";

export interface StandardiseAttrs {
  readonly isInverted: boolean;
}

type Inputs = readonly [x: Tensor, mean: Tensor, variance: Tensor];

interface Saved {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

export const standardise: Op<Inputs, StandardiseAttrs, Saved> = {
  name: "standardise",

  infer([x, mean, variance]) {
    const channels = x.at(-1);
    if (sizeOf(mean) !== channels || sizeOf(variance) !== channels) {
      throw new ShapeError(
        `standardise: has a mean and a variance for each channel, got x ${formatShape(x)}, ` +
          `mean ${formatShape(mean)}, variance ${formatShape(variance)}`,
      );
    }
    return x;
  },

  forward(rec, [x, mean, variance], { isInverted }) {
    const y = rec.allocate(x.shape, "y", x.dtype);
    const bind = { x, mean, variance, y };
    rec.dispatch({ kernel: kernel("forward", isInverted), bind, ...extent(x.shape) });
    return { output: y, saved: { mean, variance } };
  },

  backward(rec, dy, { variance }, { isInverted }) {
    const dx = rec.allocate(dy.shape, "dx", dy.dtype);
    const bind = { variance, dy, dx };
    rec.dispatch({ kernel: kernel("backward", isInverted), bind, ...extent(dy.shape) });
    return [dx, null, null];
  },
};

function extent(shape: Shape) {
  const elements = sizeOf(shape);
  const params = { elements, channels: shape.at(-1) ?? 1 };
  return { op: "standardise", grid: linearGrid(elements, 64), params, flops: 3 * elements };
}

function kernel(entry: "forward" | "backward", isInverted: boolean): Kernel {
  return kernelFrom(shader, entry, { flags: { INVERTED: isInverted } });
}

/** Every kernel that this file dispatches. */
export function* standardiseKernels(): Iterable<Kernel> {
  for (const isInverted of [false, true]) {
    yield kernel("forward", isInverted);
    yield kernel("backward", isInverted);
  }
}
