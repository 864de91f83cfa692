// Each image of a batch flipped, moved, turned and zoomed at random, in one pass and with one interpolation.
//   y[p] = x at q, q = flip(c + turn · zoom · (p − c) − shift), c the middle of the image
//   x (N,H,W,C)   clock (≥ 1) u32, element 0 is the step   ->   y the same
// Image n draws u₀ … u₆ at the indices 8n … of (step, stream, seed), see core/random.ts: flipped left to right where u₀ ≤ ½,
// upside down where u₁ ≤ ½, turned by u₂, moved down by u₃ and to the right by u₄, as tall by u₅, as wide by u₆; each
// low + (high − low) · u. No gradient flows to x.

import shader from "../../shaders/image-warp.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { shape4, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";
import type { Interpolation } from "./resize.ts";

/** As Keras names them: beyond the edges lies a value, the edge itself, the image mirrored (d c b a | a b c d | d c b a) or again. */
export const FILL_MODES = ["constant", "nearest", "reflect", "wrap"] as const;
export type FillMode = (typeof FILL_MODES)[number];

/** What is drawn from, evenly. */
export type Range = readonly [low: number, high: number];

/** Whose random numbers these are. */
export interface Draws {
  readonly seed: number;
  /** Tells layers with the same seed apart. */
  readonly stream: number;
}

export interface Warp {
  /** `jointly`: an image is flipped along both axes or along none. Default none. */
  readonly flip?: "across" | "down" | "both" | "jointly";
  /** Turns, counterclockwise as one looks at it; default 0. */
  readonly turn?: Range;
  /** Pixels; default 0. */
  readonly down?: Range;
  readonly across?: Range;
  /** Pixels of x for one of y, down: above 1 makes what is seen smaller; default 1. */
  readonly tall?: Range;
  /** The same across; default as tall. */
  readonly wide?: Range;
  /** Default bilinear. */
  readonly interpolation?: Interpolation;
  /** Default reflect. */
  readonly fill?: FillMode;
  /** Of `constant`; default 0. */
  readonly fillValue?: number;
}

const FLIPS = { across: 1, down: 2, both: 3, jointly: 7 } as const;
const NONE: Range = [0, 0];
const SAME: Range = [1, 1];

export const imageWarp: Op<readonly [x: Tensor, clock: Tensor], Warp & Draws, null> = {
  name: "image-warp",

  infer([x]) {
    shape4(x, "image-warp");
    return x;
  },

  forward(rec, [x, clock], attrs) {
    const [n, height, width, channels] = shape4(x.shape, "image-warp");
    const y = rec.allocate(x.shape, "y", x.dtype);
    const rows = n * height;
    rec.dispatch({
      op: "image-warp",
      kernel: WARP,
      grid: linearGrid(rows, 64),
      bind: { x, clock, y },
      params: { ...{ rows, height, width, channels }, ...paramsOf(attrs) },
      touched: { clock: 4 },
      flops: 8 * sizeOf(x.shape),
    });
    return { output: y, saved: null };
  },

  backward(_rec, _dy, _saved, _attrs, [needsX]) {
    if (needsX) throw new UsageError("image-warp: no gradient flows through it, got one asked for");
    return [null, null];
  },
};

function paramsOf(attrs: Warp & Draws) {
  const { seed, stream, flip, turn = NONE, down = NONE, across = NONE, tall = SAME } = attrs;
  const { wide, interpolation = "bilinear", fill = "reflect", fillValue = 0 } = attrs;
  return {
    ...{ seed, stream, flips: flip ? FLIPS[flip] : 0 },
    ...{ turn_low: turn[0], turn_high: turn[1], down_low: down[0], down_high: down[1] },
    ...{ across_low: across[0], across_high: across[1], tall_low: tall[0], tall_high: tall[1] },
    ...{ wide_low: wide?.[0] ?? 1, wide_high: wide?.[1] ?? 1, square: wide ? 0 : 1 },
    ...{ nearest: interpolation === "nearest" ? 1 : 0, fill: FILL_MODES.indexOf(fill) },
    fill_value: fillValue,
  };
}

const WARP: Kernel = kernelFrom(shader, "warp");

/** Every kernel that this file dispatches. */
export function* imageWarpKernels(): Iterable<Kernel> {
  yield WARP;
}
