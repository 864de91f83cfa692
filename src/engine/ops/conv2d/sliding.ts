// The sliding rung of a convolution of each channel by itself: four channels an invocation, which goes down a stretch of rows and
// keeps in registers what the rows of a window share. For windows without gaps, and strides of at most two.

import shader from "../../../shaders/conv2d/sliding.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { recordBiasGradient } from "../gemm/bias-activation.ts";
import { fitsColumns } from "./depthwise.ts";
import {
  type GroupedForward,
  type GroupedGeometry,
  type GroupedInputGradient,
  type GroupedWeightGradient,
  groupedFlops,
  MOST_PARTIAL,
} from "./grouped-problem.ts";

/** Rows and columns of a map from which it is worth it: on smaller ones most that it loads is padding. */
const LEAST_MAP = 3;
/** Of the columns that the tiles have, those that are the map's. */
const LEAST_FILLED = 0.75;

export function fitsSliding(g: GroupedGeometry): boolean {
  return fitsColumns(g) && g.sh <= 2 && g.sw <= 2;
}

export function suitsSliding(g: GroupedGeometry): boolean {
  const tile = tileOf(g);
  return suitsSlidingDw(g) && g.ow / (Math.ceil(g.ow / tile) * tile) >= LEAST_FILLED;
}

export function suitsSlidingDw({ oh, ow }: GroupedGeometry): boolean {
  return Math.min(oh, ow) >= LEAST_MAP;
}

export function recordSlidingForward(rec: Recorder, problem: GroupedForward): void {
  const { geometry: g, x, w, y } = problem;
  const strips = stripsOf(g, { rows: g.oh, columns: g.ow, filling: fillingOf(rec) });
  record(rec, g, { entry: "forward", bind: { x, w, y }, strips });
}

export function recordSlidingDx(rec: Recorder, problem: GroupedInputGradient): void {
  const { geometry: g, dy, w, dx } = problem;
  // Stretches and tiles begin at multiples of the strides, counted from the padding's beginning.
  const [rows, columns] = [Math.ceil((g.h + (g.top % g.sh)) / g.sh), g.w + (g.left % g.sw)];
  const strips = stripsOf(g, { rows, columns, filling: fillingOf(rec) });
  record(rec, g, { entry: "input_gradient", bind: { w, dy, dx }, strips });
}

/** Sums of strips side by side, then over the strips, always in the same order. */
export function recordSlidingDw(rec: Recorder, problem: GroupedWeightGradient): void {
  const { geometry: g, x, dy, dw } = problem;
  // Each slice is written and read again, so there are no more than keep the adapter busy.
  const filling = rec.capabilities.isSoftware ? 256 : 32_768;
  const whole = stripsOf(g, { rows: g.oh, columns: g.ow, filling });
  const ofImage = whole.tiles * whole.stretches;
  const enough = (ofImage * g.n * g.i) / 4 / filling;
  const fewest = (ofImage * g.n * sizeOf(dw.shape)) / MOST_PARTIAL;
  const images = Math.min(g.n, Math.max(1, Math.floor(enough), Math.ceil(fewest)));
  const strips = { ...whole, images };
  const slices = slicesOf(g, strips);
  const partial = slices === 1 ? dw : rec.allocate([slices, sizeOf(dw.shape)], "dw.slices");
  record(rec, g, { entry: "weight_gradient", bind: { x, dy, partial }, strips });
  if (slices > 1) recordBiasGradient(rec, partial, dw);
}

/** How a map is shared out: tiles of columns, stretches of so many rows, and images that an invocation takes. */
interface Strips {
  readonly tiles: number;
  readonly stretches: number;
  readonly rows: number;
  readonly images: number;
}

interface Pass {
  readonly entry: "forward" | "input_gradient" | "weight_gradient";
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly strips: Strips;
}

/** Invocations that occupy an adapter. */
function fillingOf({ capabilities }: Recorder): number {
  return capabilities.isSoftware ? 1024 : 32_768;
}

/** A stretch loads the rows above it that its first window shares, so it should not be short. */
const LEAST_ROWS = 8;

/** Stretches as long as leave enough of them to occupy the adapter. */
function stripsOf(
  g: GroupedGeometry,
  extent: { readonly rows: number; readonly columns: number; readonly filling: number },
): Strips {
  const tiles = Math.ceil(extent.columns / tileOf(g));
  const wanted = Math.ceil(extent.filling / (g.n * tiles * (g.i / 4)));
  const most = Math.ceil(extent.rows / LEAST_ROWS);
  const rows = Math.ceil(extent.rows / Math.min(most, wanted));
  return { tiles, stretches: Math.ceil(extent.rows / rows), rows, images: 1 };
}

function slicesOf({ n }: GroupedGeometry, { tiles, stretches, images }: Strips): number {
  return tiles * stretches * Math.ceil(n / images);
}

function record(rec: Recorder, g: GroupedGeometry, { entry, bind, strips }: Pass): void {
  const words = g.i / 4;
  const invocations = words * slicesOf(g, strips);
  const { n, h, w, oh, ow, top, left } = g;
  rec.dispatch({
    op: "grouped-conv2d",
    kernel: kernel(entry, g),
    grid: linearGrid(invocations, 64),
    bind,
    params: { invocations, n, h, w, words, oh, ow, top, left, ...strips },
    flops: groupedFlops(g),
  });
}

type Window = Pick<GroupedGeometry, "kh" | "kw" | "sh" | "sw">;

/**
 * Columns that an invocation takes. Mesa unrolls loops of up to some 800 instructions, and registers that a loop indexes are
 * memory; a multiplication and addition of four channels are eight.
 */
function tileOf({ kh, kw, sw }: Window): number {
  if (sw > 1) return 2;
  if (kh * kw <= 9) return 3;
  return kh * kw <= 25 ? 2 : 1;
}

function kernel(entry: Pass["entry"], window: Window): Kernel {
  const { kh, kw, sh, sw } = window;
  const constants = { KH: kh, KW: kw, SH: sh, SW: sw, TILE: tileOf(window) };
  return kernelFrom(shader, entry, { constants });
}

/** Every kernel that this file dispatches, for the windows of networks. */
export function* slidingKernels(): Iterable<Kernel> {
  for (const [side, stride] of [[3, 1] as const, [3, 2] as const, [5, 1] as const]) {
    const window = { kh: side, kw: side, sh: stride, sw: stride };
    yield kernel("forward", window);
    yield kernel("input_gradient", window);
    yield kernel("weight_gradient", window);
  }
}
