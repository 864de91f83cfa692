// A rectifier with trained slopes, Keras's PReLU.
//   y = x where x ≥ 0, else alpha · x     dx = dy where x > 0, alpha · dy where x < 0     dalpha = Σ dy · min(x, 0)
//   x (N, …)   alpha (1, …, 1, C), or the shape of x without its batch axis   ->   y like x

import shader from "../../shaders/prelu.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import { reshaped, type Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";
import { recordBiasActivationBackward } from "./gemm/bias-activation.ts";

type Entry = "forward" | "backward" | "slope_terms";

interface Saved {
  readonly x: Tensor;
  readonly alpha: Tensor;
}

export const prelu: Op<readonly [x: Tensor, alpha: Tensor], Record<string, never>, Saved> = {
  name: "prelu",

  infer([x, alpha]) {
    const period = sizeOf(alpha);
    if (period !== x.at(-1) && period !== sizeOf(x.slice(1))) {
      throw new ShapeError(
        `prelu: has a slope for each channel or for each element of an input, ` +
          `got x ${formatShape(x)}, alpha ${formatShape(alpha)}`,
      );
    }
    return x;
  },

  forward(rec, [x, alpha]) {
    const y = rec.allocate(x.shape, "y", x.dtype);
    record(rec, "forward", { of: x, alpha, bind: { x, alpha, y } });
    return { output: y, saved: { x, alpha } };
  },

  backward(rec, dy, { x, alpha }, _attrs, [needsX, needsAlpha]) {
    const dx = needsX ? rec.allocate(dy.shape, "dx", dy.dtype) : null;
    if (dx) record(rec, "backward", { of: dy, alpha, bind: { x, alpha, dy, dx } });
    return [dx, needsAlpha ? slopeGradient(rec, dy, { x, alpha }) : null];
  },
};

function slopeGradient(rec: Recorder, dy: Tensor, { x, alpha }: Saved): Tensor | null {
  const period = sizeOf(alpha.shape);
  const terms = rec.allocate([sizeOf(dy.shape) / period, period], "terms");
  record(rec, "slope_terms", { of: dy, alpha, bind: { x, dy, terms } });
  const sums = { dy: terms, y: terms, activation: "linear", hasBias: true } as const;
  const { db } = recordBiasActivationBackward(rec, sums);
  return db && reshaped(db, alpha.shape);
}

interface Pass {
  readonly of: Tensor;
  readonly alpha: Tensor;
  readonly bind: Readonly<Record<string, Tensor>>;
}

function record(rec: Recorder, entry: Entry, { of, alpha, bind }: Pass): void {
  const elements = sizeOf(of.shape);
  rec.dispatch({
    op: "prelu",
    kernel: KERNELS[entry],
    grid: linearGrid(elements, 64),
    bind,
    params: { elements, period: sizeOf(alpha.shape) },
    flops: elements,
  });
}

const KERNELS: Readonly<Record<Entry, Kernel>> = {
  forward: kernelFrom(shader, "forward"),
  backward: kernelFrom(shader, "backward"),
  slope_terms: kernelFrom(shader, "slope_terms"),
};

/** Every kernel that this file dispatches. */
export function* preluKernels(): Iterable<Kernel> {
  yield* Object.values(KERNELS);
}
