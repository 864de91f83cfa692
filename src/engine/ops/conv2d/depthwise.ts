// The kernels of a convolution of each channel by itself, four channels at once, for the windows that networks have; what
// they do not fit is left to those of grouped.ts, which do the same an element an invocation.

import shader from "../../../shaders/conv2d/depthwise.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import type { Tensor } from "../../core/tensor.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";

const FIELDS = [
  ...(["n", "h", "w", "i", "oh", "ow", "o", "kh", "kw", "sh", "sw"] as const),
  ...(["top", "left", "down", "across", "group_in", "group_out", "images"] as const),
] as const;

/**
 * Extents of x and y, of the window, its strides, zeros before the first pixel, pixels from tap to tap, channels that a group
 * takes and makes, and images of a slice of the gradient to the weights.
 */
export type GroupedGeometry = Readonly<Record<(typeof FIELDS)[number], number>>;

export type GroupedEntry = "forward" | "input_gradient" | "weight_gradient";

export interface GroupedPass {
  readonly written: Tensor;
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly geometry: GroupedGeometry;
}

/** Columns of a row that an invocation takes: TILE of the shader. */
const TILE = 4;
/** Taps across, and as many down, that an invocation keeps to itself. */
const MOST_TAPS = 7;

/** Whether each channel makes one, channels come in fours, and the window is small and without gaps. */
export function isDepthwise(g: GroupedGeometry): boolean {
  const isOwn = g.group_in === 1 && g.group_out === 1 && g.i % 4 === 0;
  return isOwn && g.down === 1 && g.across === 1 && Math.max(g.kh, g.kw) <= MOST_TAPS;
}

export function recordDepthwise(
  rec: Recorder,
  entry: GroupedEntry,
  { bind, geometry: g }: GroupedPass,
): void {
  const words = g.i / 4;
  const invocations = words * unitsOf(entry, g);
  const { n, h, w, oh, ow, top, left, images } = g;
  rec.dispatch({
    op: "grouped-conv2d",
    kernel: kernel(entry, g),
    grid: linearGrid(invocations, 64),
    bind,
    params: { invocations, n, h, w, words, oh, ow, top, left, images },
    flops: 2 * n * oh * ow * g.o * g.kh * g.kw,
  });
}

type Window = Pick<GroupedGeometry, "kh" | "kw" | "sh" | "sw">;

function kernel(entry: GroupedEntry, { kh, kw, sh, sw }: Window): Kernel {
  return kernelFrom(shader, entry, { constants: { KH: kh, KW: kw, SH: sh, SW: sw } });
}

/** Every kernel that this file dispatches, for the windows of networks and the largest. */
export function* depthwiseKernels(): Iterable<Kernel> {
  for (const [side, stride] of [[3, 1] as const, [3, 2] as const, [MOST_TAPS, 1] as const]) {
    const window = { kh: side, kw: side, sh: stride, sw: stride };
    yield kernel("forward", window);
    yield kernel("input_gradient", window);
    yield kernel("weight_gradient", window);
  }
}

/** Invocations for each word of channels. */
function unitsOf(entry: GroupedEntry, { n, h, w, oh, ow, kh, images }: GroupedGeometry): number {
  if (entry === "forward") return n * oh * Math.ceil(ow / TILE);
  return entry === "input_gradient" ? n * h * Math.ceil(w / TILE) : Math.ceil(n / images) * kh;
}
