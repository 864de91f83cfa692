// Noise on a layer's output, training only (when not training, do not apply it).
//   gaussian   y = x + level · n                            dx = dy
//   product    y = x · (1 + √(level / (1 − level)) · n)     dx = dy · the same            n normal
//   alpha      y = a · (x if it is kept, else α′) + b       dx = a · dy where it is kept
//   spatial    y = x / (1 − level) if (example, channel) is kept, else 0                  dx the same of dy
//   x any shape, of spatial (N,H,W,C)   clock (≥ 1) u32, element 0 is the step   ->   y the same
// α′ = −1.0507 · 1.6733, a = ((1 − level)(1 + level · α′²))^−½, b = −a · α′ · level, as Keras's AlphaDropout keeps mean and variance
// of SELU. Kept iff u ≥ level. As in ops/dropout.ts nothing random is stored; the clock must not advance before the backward pass.

import shader from "../../shaders/noise.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, shape4, sizeOf } from "../core/shape.ts";
import { reshaped, type Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";
import type { Draws } from "./image-warp.ts";

export interface Noise {
  readonly kind: "gaussian" | "product" | "alpha" | "spatial";
  /** Standard deviation of gaussian; of the others the rate, from 0 to less than 1. */
  readonly level: number;
}

export const noise: Op<readonly [x: Tensor, clock: Tensor], Noise & Draws, Tensor> = {
  name: "noise",

  infer([x], { kind, level }) {
    const isGaussian = kind === "gaussian";
    if (!(level >= 0 && (isGaussian ? level < Number.POSITIVE_INFINITY : level < 1))) {
      const rule = isGaussian ? "stddev is a number from 0" : "rate lies in [0, 1)";
      throw new UsageError(`noise: ${rule}, got ${level}`);
    }
    if (kind === "spatial") shape4(x, "noise");
    return x;
  },

  forward(rec, [x, clock], attrs) {
    return { output: noisy(rec, { x, clock, label: "y" }, attrs), saved: clock };
  },

  backward(rec, dy, clock, attrs) {
    const { kind } = attrs;
    if (kind === "gaussian") return [dy, null];
    return [noisy(rec, { x: dy, clock, label: "dx" }, attrs), null];
  },
};

interface Place {
  readonly x: Tensor;
  readonly clock: Tensor;
  readonly label: "y" | "dx";
}

function noisy(rec: Recorder, { x, clock, label }: Place, attrs: Noise & Draws): Tensor {
  const { kind, level, seed, stream } = attrs;
  // A tensor of its own even so: the tape tells tensors apart by identity.
  if (level === 0) return reshaped(x, x.shape);
  const y = rec.allocate(x.shape, label, x.dtype);
  const elements = sizeOf(x.shape);
  const isSpatial = kind === "spatial";
  const count = isSpatial ? elements : ceilDiv(elements, 4);
  const [, h = 1, w = 1, channels = 1] = x.shape;
  rec.dispatch({
    op: "noise",
    kernel: kernelFrom(shader, ENTRIES[kind]),
    grid: linearGrid(count, 64),
    bind: isSpatial ? { scalars: x, clock, written: y } : { x, clock, y },
    params: { ...{ count, stream, seed, places: h * w, channels }, ...factors(kind, level, label) },
    touched: { clock: 4 },
    flops: 2 * elements,
  });
  return y;
}

const ALPHA = -1.0507009873554805 * 1.6732632423543772;

function factors(kind: Noise["kind"], level: number, label: Place["label"]) {
  const plain = { level, scale: kind === "spatial" ? 1 / (1 - level) : 1, shift: 0, dropped: 0 };
  if (kind === "product") return { ...plain, level: Math.sqrt(level / (1 - level)) };
  if (kind !== "alpha") return plain;
  const scale = ((1 - level) * (1 + level * ALPHA ** 2)) ** -0.5;
  if (label === "dx") return { ...plain, scale };
  const shift = -scale * ALPHA * level;
  return { level, scale, shift, dropped: scale * ALPHA + shift };
}

const ENTRIES = {
  ...{ gaussian: "add", product: "multiply", alpha: "alpha", spatial: "spatial" },
} as const;

/** Every kernel that this file dispatches. */
export function* noiseKernels(): Iterable<Kernel> {
  for (const entry of Object.values(ENTRIES)) yield kernelFrom(shader, entry);
}
