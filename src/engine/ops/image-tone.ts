// Each image of a batch with other contrast, lighter or darker, or with a rectangle covered, at random.
//   contrast   y = clip((x − mean) · f + mean), the mean of the channel in the image, f from the range
//   brighten   y = clip(x + d · (most − least)), d from the range
//   erase      y = clip(fill) within a rectangle, of a share p of the images; p from the range
//   x (N,H,W,C)   clock (≥ 1) u32, element 0 is the step   ->   y the same
// Image n draws u₀ … u₅ at the indices 8n … of (step, stream, seed), see core/random.ts: f and d by u₀. A rectangle is √a of the
// width with a by u₀, √a of the height with a by u₁, u₂ and u₃ of what is left from the left and the top, and there where u₅ < p by u₄.
// No gradient flows to x.

import shader from "../../shaders/image-tone.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { shape4, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";
import type { Draws, Range } from "./image-warp.ts";

const KINDS = ["contrast", "brighten", "erase"] as const;

export interface Tone {
  readonly kind: (typeof KINDS)[number];
  readonly range: Range;
  /** Values are clipped to it; default not at all. */
  readonly clip?: Range;
  /** Of erase: share of the image that is covered; default 0.02 to 0.33. */
  readonly area?: Range;
  /** Of erase: a value, one for each of three channels, or normal noise times the most of `clip`; default 0. */
  readonly fill?: number | readonly [number, number, number] | "noise";
}

/** As far as float32 goes; infinities may be taken not to occur. */
const UNCLIPPED: Range = [-3e38, 3e38];

export const imageTone: Op<readonly [x: Tensor, clock: Tensor], Tone & Draws, null> = {
  name: "image-tone",

  infer([x]) {
    shape4(x, "image-tone");
    return x;
  },

  forward(rec, [x, clock], attrs) {
    const [n, height, width, channels] = shape4(x.shape, "image-tone");
    const y = rec.allocate(x.shape, "y", x.dtype);
    const elements = sizeOf(x.shape);
    const { kind } = attrs;
    rec.dispatch({
      op: "image-tone",
      kernel: kernel(kind),
      grid: linearGrid(...INVOCATIONS[kind]({ n, height, channels, elements })),
      bind: { x, clock, y },
      params: { ...{ elements, height, width, channels }, ...paramsOf(attrs) },
      touched: { clock: 4 },
      flops: 3 * elements,
    });
    return { output: y, saved: null };
  },

  backward(_rec, _dy, _saved, _attrs, [needsX]) {
    if (needsX) throw new UsageError("image-tone: no gradient flows through it, got one asked for");
    return [null, null];
  },
};

interface Extent {
  readonly n: number;
  readonly height: number;
  readonly channels: number;
  readonly elements: number;
}

/** How many there are, and how many a workgroup takes: of channels of images, of elements, of rows. */
const INVOCATIONS: Readonly<Record<Tone["kind"], (of: Extent) => [count: number, each: number]>> = {
  contrast: ({ n, channels }) => [n * channels, 1],
  brighten: ({ elements }) => [elements, 64],
  erase: ({ n, height }) => [n * height, 64],
};

function paramsOf(attrs: Tone & Draws) {
  const { seed, stream, range, clip = UNCLIPPED, area = [0.02, 0.33], fill = 0 } = attrs;
  const [fill_0, fill_1, fill_2] =
    typeof fill === "object" ? fill : [0, 0, 0].fill(Number(fill) || 0);
  return {
    ...{ seed, stream, low: range[0], high: range[1], least: clip[0], most: clip[1] },
    ...{ area_low: area[0], area_high: area[1], noise: fill === "noise" ? 1 : 0 },
    ...{ fill_0: fill_0 ?? 0, fill_1: fill_1 ?? 0, fill_2: fill_2 ?? 0 },
  };
}

function kernel(kind: Tone["kind"]): Kernel {
  return kernelFrom(shader, kind);
}

/** Every kernel that this file dispatches. */
export function* imageToneKernels(): Iterable<Kernel> {
  for (const kind of KINDS) yield kernel(kind);
}
