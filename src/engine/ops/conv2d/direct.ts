// The subgroup rung that conv2d.forward and conv2d.dx share: how a convolution is cut into the register tiles of
// subgroup.wgsl, and the two dispatches that compute it. It knows nothing of gradients: the input gradient of a
// convolution with stride 1 is itself a convolution, of dy with the weights turned around.

import packShader from "../../../shaders/conv2d/pack.wgsl";
import shader from "../../../shaders/conv2d/subgroup.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Constants } from "../../core/wgsl.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { ACTIVATIONS, type Activation, activationFlags } from "../gemm/bias-activation.ts";
import { type ConvGeometry, inputBytes } from "./problem.ts";

export interface DirectProblem {
  readonly geometry: ConvGeometry;
  readonly x: Tensor;
  readonly w: Tensor;
  readonly b: Tensor | null;
  readonly y: Tensor;
  readonly activation: Activation;
  /** Whether w holds the weights of the convolution whose input gradient this is. */
  readonly transposed: boolean;
  /** Of the convolution asked for, which does not count the padding of its gradient. */
  readonly flops: number;
}

interface Tile {
  /** Output columns and filters of a lane. */
  readonly columns: number;
  readonly channels: number;
}

/** Filters of a lane: the kernel sums them four at a time, at most four times. */
const MOST_CHANNELS = 16;
/** Output columns of a lane, and input columns that it reads: loops longer than these would not be unrolled. */
const MOST_COLUMNS = 14;
const MOST_INPUTS = 32;
/** Multiply-adds in the body of the loop: more are no faster, and drivers take long to compile them. */
const MOST_BODY = 450;
const MOST_GROUPS = 65_535;

/** Tiles of equal size, as large as registers and compilers bear; null where even the smallest is too large. */
function tileOf({ kw, o, ow, sw }: ConvGeometry): Tile | null {
  const channels = ceilDiv(o, ceilDiv(o, MOST_CHANNELS));
  const most = Math.min(
    MOST_COLUMNS,
    Math.floor(MOST_BODY / (kw * channels)),
    Math.floor((MOST_INPUTS - kw) / sw) + 1,
  );
  if (most < 1) return null;
  return { channels, columns: ceilDiv(ow, ceilDiv(ow, most)) };
}

export function fitsDirect(geometry: ConvGeometry, subgroupSize: number | null): boolean {
  const { n, oh, top, left } = geometry;
  if (subgroupSize === null || tileOf(geometry) === null) return false;
  // The gradient of a convolution padded by more than its window: its first rows and columns are read by nobody.
  if (top < 0 || left < 0) return false;
  return ceilDiv(n * oh, subgroupSize) <= MOST_GROUPS;
}

/** Records the packing of the weights and the convolution. */
export function recordDirect(rec: Recorder, problem: DirectProblem): void {
  const { geometry: g, x, w, b, y, transposed, flops } = problem;
  const subgroup = rec.capabilities.subgroupSize ?? 1;
  const tile = tileOf(g) ?? { columns: 1, channels: 1 };
  const blocks = ceilDiv(g.o, tile.channels);
  const stride = ceilDiv(g.kw * tile.channels, 4 * subgroup) * 4 * subgroup;
  const packed = rec.allocate([blocks, g.kh, g.i, stride], transposed ? "w.turned" : "w.packed");
  rec.dispatch({
    op: "conv2d",
    kernel: packKernel(transposed),
    grid: linearGrid(blocks * g.kh * g.i * stride, 64),
    bind: { w, packed },
    params: { blocks, kh: g.kh, kw: g.kw, i: g.i, o: g.o, channels: tile.channels, stride },
  });
  const { sw, kw, ...params } = g;
  rec.dispatch({
    op: "conv2d",
    kernel: kernelFrom(shader, "forward", {
      flags: { ...flagsOf(g, tile), ...activationFlags(problem.activation), HAS_BIAS: b !== null },
      constants: constantsOf(g, tile, subgroup),
    }),
    grid: [ceilDiv(g.n * g.oh, subgroup), ceilDiv(g.ow, tile.columns), blocks],
    bind: { x, packed, y, ...(b ? { b } : {}) },
    params,
    flops,
    executedFlops: executedFlops(g, tile, subgroup),
    touched: { x: inputBytes(g) },
  });
}

/** What the tiles compute, beyond the edges too. */
function executedFlops(g: ConvGeometry, { columns, channels }: Tile, subgroup: number): number {
  const lines = ceilDiv(g.n * g.oh, subgroup) * subgroup;
  const across = ceilDiv(g.ow, columns) * columns;
  const filters = ceilDiv(g.o, channels) * channels;
  return 2 * lines * across * filters * g.kh * g.kw * g.i;
}

function flagsOf(g: ConvGeometry, { columns, channels }: Tile) {
  const across = ceilDiv(g.ow, columns) * columns;
  const pastRight = (across - 1) * g.sw + g.kw - g.left > g.w;
  const pastBottom = (g.oh - 1) * g.sh + g.kh - g.top > g.h;
  const isWhole =
    channels === g.o && across === g.ow && (columns * g.o) % 4 === 0 && (g.ow * g.o) % 4 === 0;
  return {
    PADDED: g.top > 0 || g.left > 0 || pastRight || pastBottom,
    WORDS: isWhole || (channels % 4 === 0 && g.o % 4 === 0),
    WHOLE: isWhole,
  };
}

function constantsOf(g: ConvGeometry, { columns, channels }: Tile, subgroup: number): Constants {
  const span = (columns - 1) * g.sw + g.kw;
  // Where one lane has the whole row, which columns are padding is known now, and they cost nothing.
  const skip = columns >= g.ow ? Math.min(g.left, span) : 0;
  const real = columns >= g.ow ? Math.min(span - skip, g.w) : span;
  return {
    SUBGROUP: subgroup,
    KW: g.kw,
    COLUMNS: columns,
    CHANNELS: channels,
    STRIDE: g.sw,
    SKIP: skip,
    REAL: real,
  };
}

function packKernel(transposed: boolean): Kernel {
  const flags = { TRANSPOSED: transposed };
  return kernelFrom(packShader, "pack", { flags });
}

/** Every combination of switches, with the tile sizes of the file; shapes choose the sizes. */
export function* directKernels(subgroupSize: number | null): Iterable<Kernel> {
  if (subgroupSize === null) return;
  yield packKernel(false);
  yield packKernel(true);
  const outputs = [{}, { WORDS: true }, { WORDS: true, WHOLE: true }];
  for (const activation of ACTIVATIONS) {
    for (const output of outputs) {
      for (const [HAS_BIAS, PADDED] of PAIRS) {
        const flags = { ...activationFlags(activation), ...output, HAS_BIAS, PADDED };
        const constants = { SUBGROUP: subgroupSize };
        yield kernelFrom(shader, "forward", { flags, constants });
      }
    }
  }
}

const PAIRS = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

/** The convolution that turns dy into dx; strides are 1. */
export function gradientGeometry(g: ConvGeometry): ConvGeometry {
  return {
    ...g,
    h: g.oh,
    w: g.ow,
    i: g.o,
    oh: g.h,
    ow: g.w,
    o: g.i,
    top: g.kh - 1 - g.top,
    left: g.kw - 1 - g.left,
  };
}
