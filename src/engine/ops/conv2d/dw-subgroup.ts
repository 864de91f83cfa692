// The subgroup rung of conv2d.dw: how the sums over images, rows and columns are dealt out to lanes, and the one or two
// dispatches that compute them (dw-subgroup.wgsl), with the same bits.

import shader from "../../../shaders/conv2d/dw-subgroup.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv, sizeOf } from "../../core/shape.ts";
import type { Flags } from "../../core/wgsl.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import {
  type ConvGeometry,
  convFlops,
  inputBytes,
  readsPadding,
  type WeightGradientProblem,
} from "./problem.ts";

/** Sums of a lane, besides those of the bias. More would not be faster, and drivers take long to compile them. */
const MOST_SUMS = 208;
const MOST_CHANNELS = 16;
/** Multiply-adds of a turn. */
const MOST_BODY = 450;
/** Rows of the window: the kernel handles two at a time, at most four times. */
const MOST_ROWS = 8;
const MOST_GROUPS = 65_535;
/** Workgroups that keep a processor's few threads evenly busy; fewer partial sums beyond that. */
const ENOUGH_GROUPS = 64;
/** Workgroups from which on each may have the sums of all images, so that there are no partial ones. */
const ENOUGH_WHOLE = 8;

/** Filters of a lane, in whole words where the filters are. */
function channelsOf({ kh, kw, o }: ConvGeometry): number {
  const most = Math.min(MOST_CHANNELS, Math.floor(MOST_SUMS / (kh * kw)));
  if (most < 1) return 0;
  const even = ceilDiv(o, ceilDiv(o, most));
  const words = ceilDiv(even, 4) * 4;
  return o % 4 === 0 && words <= most ? words : even;
}

/** Rows of dy that a lane goes across at once, so that its sums are read and written once for both. */
function rowsOf({ kh, kw, oh }: ConvGeometry, channels: number): number {
  return oh > 1 && 2 * kh * kw * channels <= MOST_BODY ? 2 : 1;
}

export function fitsWeightGradient(g: ConvGeometry, subgroupSize: number | null): boolean {
  const channels = channelsOf(g);
  if (subgroupSize === null || channels < 1 || g.kh > MOST_ROWS || g.kw > 32) return false;
  if (g.i > MOST_GROUPS || ceilDiv(g.o, channels) > MOST_GROUPS) return false;
  return ceilDiv(g.n * g.oh, subgroupSize) <= MOST_GROUPS;
}

/** Bands that an image's rows are cut into, a lane each: as few as give enough workgroups. */
function bandsOf(g: ConvGeometry, subgroup: number, columns: number): number {
  for (let bands = 1; bands < g.oh; bands++) {
    if (ceilDiv(g.n * bands, subgroup) * columns >= ENOUGH_GROUPS) return bands;
  }
  return g.oh;
}

/** Records the partial sums and their sum; or all in one, where a processor has enough to do with that. */
export function recordWeightGradient(rec: Recorder, problem: WeightGradientProblem): void {
  const dealt = dealtOut(rec, problem);
  const { geometry: g, x, dy, dw, db } = problem;
  const { groups, blocks, size, kernel, params } = dealt;
  const isWhole = rec.fuses && rec.capabilities.isSoftware && g.i * blocks >= ENOUGH_WHOLE;
  const partial = isWhole ? null : rec.allocate([groups, g.i, blocks, size], "dw.partial");
  const sums = { dw, ...(db ? { db } : {}) };
  rec.dispatch({
    op: "conv2d",
    kernel: kernel("sum_windows", { ...dealt.flags, WHOLE: isWhole }),
    grid: [isWhole ? 1 : groups, g.i, blocks],
    bind: { x, dy, ...(partial ? { partial } : sums) },
    params,
    flops: convFlops(g),
    executedFlops: dealt.executedFlops,
    touched: { x: inputBytes(g) },
  });
  if (!partial) return;
  const elements = sizeOf(dw.shape) + (db ? g.o : 0);
  rec.dispatch({
    op: "conv2d",
    kernel: kernel("add_partials"),
    grid: linearGrid(elements, 64),
    bind: { partial, ...sums },
    params,
    executedFlops: groups * elements,
  });
}

/** What of the problem a lane has, and how many of them there are. */
function dealtOut(rec: Recorder, { geometry: g, db }: WeightGradientProblem) {
  const subgroup = rec.capabilities.subgroupSize ?? 1;
  const channels = channelsOf(g);
  const blocks = ceilDiv(g.o, channels);
  const turn = rowsOf(g, channels);
  const rows = ceilDiv(ceilDiv(g.oh, bandsOf(g, subgroup, g.i * blocks)), turn) * turn;
  const bands = ceilDiv(g.oh, rows);
  const groups = ceilDiv(g.n * bands, subgroup);
  const { kh, kw, sh, sw, ...extents } = g;
  const constants = {
    ...{ SUBGROUP: subgroup, KH: kh, KW: kw, STRIDE: sw, STEP: sh },
    ...{ CHANNELS: channels, ROWS: turn },
  };
  return {
    ...{ blocks, groups },
    flags: {
      PADDED: readsPadding(g, { rows: bands * rows }),
      WORDS: g.o % 4 === 0 && channels % 4 === 0,
    },
    size: ceilDiv((kh * kw + (db ? 1 : 0)) * channels, subgroup) * subgroup,
    params: { ...extents, rows, bands, groups, blocks },
    executedFlops: 2 * groups * subgroup * rows * g.ow * kh * kw * g.i * blocks * channels,
    kernel: (entry: string, flags: Flags = {}): Kernel => ({
      ...kernelOf(entry, { ...flags, BIAS: db !== null }),
      constants,
    }),
  };
}

function kernelOf(entry: string, flags: Flags): Kernel {
  return kernelFrom(shader, entry, { flags });
}

/** Every combination of switches, with the sizes of the file; shapes choose the sizes. */
export function* weightGradientSubgroupKernels(subgroupSize: number | null): Iterable<Kernel> {
  if (subgroupSize === null) return;
  const constants = { SUBGROUP: subgroupSize };
  for (const BIAS of [false, true]) {
    for (const PADDED of [false, true]) {
      for (const WORDS of [false, true]) {
        for (const WHOLE of [false, true]) {
          yield { ...kernelOf("sum_windows", { PADDED, WORDS, BIAS, WHOLE }), constants };
        }
      }
    }
    yield { ...kernelOf("add_partials", { BIAS }), constants };
  }
}
