// The sliding rung of conv2d.dw: input channels over lanes, and rows of dy that are gone across together (dw-sliding.wgsl); how many
// of those and of the filters a lane has, by what that costs, and the one or two dispatches that compute them, with the same bits.

import shader from "../../../shaders/conv2d/dw-sliding.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv } from "../../core/shape.ts";
import type { Flags } from "../../core/wgsl.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import {
  type ConvGeometry,
  convFlops,
  inputBytes,
  readsPadding,
  type WeightGradientProblem,
} from "./problem.ts";

interface Tile {
  /** Filters of a lane. */
  readonly channels: number;
  /** Of dy, at a turn. */
  readonly rows: number;
}

/** Sums of a lane, besides those of the bias, and multiply-adds of a turn: more are no faster, and drivers take long to compile them. */
const MOST_SUMS = 208;
const MOST_BODY = 600;
const MOST_CHANNELS = 16;
const MOST_ROWS = 8;
/** Of the window: the kernel has a call for each of its rows. */
const LARGEST_WINDOW = 7;
const MOST_GROUPS = 65_535;
/** Workgroups that keep a processor's few threads evenly busy; from so many on, each may have all images. */
const ENOUGH_GROUPS = 16;
const ENOUGH_WHOLE = 8;
/** Columns of dy, below which the implicit rung is faster. */
const SHORTEST_ROW = 6;

/**
 * Cycles of a software adapter for a vector of lanes (bench/NOTES.md): a read, one of words, a shuffle, a multiply-add, and the copy
 * under a mask that every turn of a loop makes of a register.
 */
const CYCLES = { read: 20, readWords: 42, shuffle: 2.5, multiplyAdd: 0.9, copy: 1.3 } as const;

function cyclesOf(g: ConvGeometry, { channels, rows }: Tile, subgroup: number): number {
  const span = (rows - 1) * g.sh + g.kh;
  const sums = g.kh * g.kw * channels;
  const reads = CYCLES.read * span * Math.min(g.sw, g.kw);
  const words = CYCLES.readWords * ceilDiv((rows * channels) / 4, subgroup);
  const products = CYCLES.shuffle * rows * channels + CYCLES.multiplyAdd * sums * rows;
  const turn = reads + words + products + CYCLES.copy * (sums + span * g.kw);
  const first = CYCLES.read * span * Math.max(0, g.kw - g.sw);
  return ceilDiv(g.o, channels) * ceilDiv(g.oh, rows) * (g.ow * turn + first);
}

/** The cheapest; null where even the smallest is too large. */
function tileOf(g: ConvGeometry, subgroup: number): Tile | null {
  let best: Tile | null = null;
  for (let channels = 4; channels <= MOST_CHANNELS; channels += 4) {
    for (let rows = 1; rows <= Math.min(MOST_ROWS, g.oh); rows++) {
      const sums = g.kh * g.kw * channels;
      if (sums > MOST_SUMS || sums * rows > MOST_BODY) continue;
      const tile = { channels, rows };
      if (!best || cyclesOf(g, tile, subgroup) < cyclesOf(g, best, subgroup)) best = tile;
    }
  }
  return best;
}

export function fitsSlidingDw(g: ConvGeometry, subgroupSize: number | null): boolean {
  if (subgroupSize === null || g.o % 4 !== 0 || Math.max(g.kh, g.kw) > LARGEST_WINDOW) return false;
  const tile = tileOf(g, subgroupSize);
  if (!tile || g.n > MOST_GROUPS) return false;
  return ceilDiv(g.i, subgroupSize) <= MOST_GROUPS && ceilDiv(g.o, tile.channels) <= MOST_GROUPS;
}

/** Where it was measured to be worth it: a channel for every lane, and rows for a window to slide along. */
export function suitsSlidingDw({ i, kw, ow }: ConvGeometry, subgroupSize: number | null): boolean {
  return kw > 1 && ow >= SHORTEST_ROW && i >= (subgroupSize ?? 1);
}

/** Records the sums, and the sum of the groups of images where there are several. */
export function recordSlidingDw(rec: Recorder, problem: WeightGradientProblem): void {
  const { geometry: g, x, dy, dw, db } = problem;
  const subgroup = rec.capabilities.subgroupSize ?? 1;
  const tile = tileOf(g, subgroup) ?? { channels: 4, rows: 1 };
  const { kh, kw, sh, sw, ...extents } = g;
  const [across, down] = [ceilDiv(g.i, subgroup), ceilDiv(g.o, tile.channels)];
  const images =
    across * down >= ENOUGH_WHOLE ? g.n : ceilDiv(g.n, ceilDiv(ENOUGH_GROUPS, across * down));
  const groups = ceilDiv(g.n, images);
  const elements = (kh * kw * g.i + (db ? 1 : 0)) * g.o;
  const partial = groups > 1 ? rec.allocate([groups, elements], "dw.partial") : null;
  const results = { dw, ...(db ? { db } : {}) };
  const constants = {
    ...{ SUBGROUP: subgroup, KH: kh, KW: kw, STRIDE: sw, STEP: sh },
    ...{ CHANNELS: tile.channels, ROWS: tile.rows },
  };
  const kernel = (entry: string, flags: Flags): Kernel => ({
    ...kernelOf(entry, { ...flags, BIAS: db !== null }),
    constants,
  });
  const params = { ...extents, images, groups };
  const rows = ceilDiv(g.oh, tile.rows) * tile.rows;
  rec.dispatch({
    op: "conv2d",
    kernel: kernel("sum_windows", { PADDED: readsPadding(g, { rows }), WHOLE: partial === null }),
    grid: [groups, across, down],
    bind: { x, dy, ...(partial ? { partial } : results) },
    params,
    flops: convFlops(g),
    executedFlops: 2 * g.n * rows * g.ow * kh * kw * across * subgroup * down * tile.channels,
    touched: { x: inputBytes(g) },
  });
  if (!partial) return;
  rec.dispatch({
    op: "conv2d",
    kernel: kernel("add_groups", {}),
    grid: linearGrid(elements / 4, 64),
    bind: { partial, ...results },
    params,
    executedFlops: groups * elements,
  });
}

function kernelOf(entry: string, flags: Flags): Kernel {
  return kernelFrom(shader, entry, { flags });
}

/** Every combination of switches, with the sizes of the file; shapes choose the sizes. */
export function* slidingDwKernels(subgroupSize: number | null): Iterable<Kernel> {
  if (subgroupSize === null) return;
  const constants = { SUBGROUP: subgroupSize };
  for (const BIAS of [false, true]) {
    for (const PADDED of [false, true]) {
      for (const WHOLE of [false, true]) {
        yield { ...kernelOf("sum_windows", { PADDED, BIAS, WHOLE }), constants };
      }
    }
    yield { ...kernelOf("add_groups", { BIAS }), constants };
  }
}
