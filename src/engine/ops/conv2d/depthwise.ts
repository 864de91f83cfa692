// The columns rung of a convolution of each channel by itself: four channels at once, for the windows that networks have; a few columns
// of a row an invocation. What it does not fit is left to the naive rung of grouped-ladders.ts, which does the same an element an invocation.

import shader from "../../../shaders/conv2d/depthwise.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import type { Tensor } from "../../core/tensor.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { type GroupedGeometry, groupedFlops } from "./grouped-problem.ts";

interface Pass {
  readonly entry: "forward" | "input_gradient" | "weight_gradient";
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly geometry: GroupedGeometry;
  /** Images of a slice of the gradient to the weights. */
  readonly images: number;
}

/** Columns of a row that an invocation takes: TILE of the shader. */
const TILE = 4;
/** Taps across, and as many down, that an invocation keeps to itself. */
const MOST_TAPS = 7;

/** Whether each channel makes one, channels come in fours, and the window is small and without gaps. */
export function fitsColumns(g: GroupedGeometry): boolean {
  const isOwn = g.group_in === 1 && g.group_out === 1 && g.i % 4 === 0;
  return isOwn && g.down === 1 && g.across === 1 && Math.max(g.kh, g.kw) <= MOST_TAPS;
}

export function recordColumns(rec: Recorder, pass: Pass): void {
  const { entry, bind, geometry: g, images } = pass;
  const words = g.i / 4;
  const invocations = words * unitsOf(pass);
  const { n, h, w, oh, ow, top, left } = g;
  rec.dispatch({
    op: "grouped-conv2d",
    kernel: kernel(entry, g),
    grid: linearGrid(invocations, 64),
    bind,
    params: { invocations, n, h, w, words, oh, ow, top, left, images },
    flops: groupedFlops(g),
  });
}

type Window = Pick<GroupedGeometry, "kh" | "kw" | "sh" | "sw">;

function kernel(entry: Pass["entry"], { kh, kw, sh, sw }: Window): Kernel {
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
function unitsOf({ entry, geometry: { n, h, w, oh, ow, kh }, images }: Pass): number {
  if (entry === "forward") return n * oh * Math.ceil(ow / TILE);
  return entry === "input_gradient" ? n * h * Math.ceil(w / TILE) : Math.ceil(n / images) * kh;
}
