// The subgroup rung that conv2d.forward and conv2d.dx share: how a convolution is cut into the register tiles of
// subgroup.wgsl, and the dispatch that computes it. It knows nothing of gradients: the input gradient of a
// convolution with stride 1 is itself a convolution, of dy with the weights turned around.

import shader from "../../../shaders/conv2d/subgroup.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Constants, Flags } from "../../core/wgsl.ts";
import type { Recorder } from "../../program/recorder.ts";
import { ACTIVATIONS, type Activation, activationFlags } from "../gemm/bias-activation.ts";
import { type ConvGeometry, inputBytes, readsPadding } from "./problem.ts";

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
/** Filters below which a lane would read x for too few products. */
const LEAST_ROW_CHANNELS = 4;
/** A lane has the whole row where padding makes that so much cheaper. */
const WHOLE_ROW_SHARE = 0.75;

/** Tiles of equal size, as large as registers and compilers bear; null where even the smallest is too large. */
function tileOf(g: ConvGeometry): Tile | null {
  const { kw, o, ow, sw } = g;
  const channels = ceilDiv(o, ceilDiv(o, MOST_CHANNELS));
  const most = Math.min(
    MOST_COLUMNS,
    Math.floor(MOST_BODY / (kw * channels)),
    Math.floor((MOST_INPUTS - kw) / sw) + 1,
  );
  const tile = most < 1 ? null : { channels, columns: ceilDiv(ow, ceilDiv(ow, most)) };
  const row = rowTileOf(g);
  if (!tile || !row) return tile;
  const across = ceilDiv(ow, tile.columns) * tile.columns * kw;
  return realProducts(g) < WHOLE_ROW_SHARE * across ? row : tile;
}

/** The whole row, for as many filters as that leaves room for: what of it is padding is known and costs nothing. */
function rowTileOf(g: ConvGeometry): Tile | null {
  const { kw, o, ow, sw } = g;
  const most = Math.min(MOST_CHANNELS, Math.floor(MOST_BODY / Math.max(1, realProducts(g))));
  if (ow > MOST_COLUMNS || (ow - 1) * sw + kw > MOST_INPUTS || most < LEAST_ROW_CHANNELS)
    return null;
  return { channels: ceilDiv(o, ceilDiv(o, most)), columns: ow };
}

/** Products of a row of outputs with a row of the window that are not of padding, for one filter and channel. */
function realProducts({ kw, ow, sw, left, w }: ConvGeometry): number {
  let products = 0;
  for (let column = 0; column < ow; column++) {
    const from = column * sw - left;
    products += Math.max(0, Math.min(w, from + kw) - Math.max(0, from));
  }
  return products;
}

export function fitsDirect(geometry: ConvGeometry, subgroupSize: number | null): boolean {
  const { n, oh, top, left } = geometry;
  if (subgroupSize === null || tileOf(geometry) === null) return false;
  // The gradient of a convolution padded by more than its window: its first rows and columns are read by nobody.
  if (top < 0 || left < 0) return false;
  return ceilDiv(n * oh, subgroupSize) <= MOST_GROUPS;
}

/** Records the convolution. */
export function recordDirect(rec: Recorder, problem: DirectProblem): void {
  const { geometry: g, x, w, b, y, transposed, flops } = problem;
  const subgroup = rec.capabilities.subgroupSize ?? 1;
  const tile = tileOf(g) ?? { columns: 1, channels: 1 };
  const { sw, kw, ...params } = g;
  rec.dispatch({
    op: "conv2d",
    kernel: kernelFrom(shader, "forward", {
      flags: {
        ...flagsOf(g, tile, transposed),
        ...activationFlags(problem.activation),
        HAS_BIAS: b !== null,
      },
      constants: constantsOf(g, tile, subgroup),
    }),
    grid: [ceilDiv(g.n * g.oh, subgroup), ceilDiv(g.ow, tile.columns), ceilDiv(g.o, tile.channels)],
    bind: { x, w, y, ...(b ? { b } : {}) },
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

function flagsOf(g: ConvGeometry, { columns, channels }: Tile, transposed: boolean) {
  const across = ceilDiv(g.ow, columns) * columns;
  const isWhole =
    channels === g.o && across === g.ow && (columns * g.o) % 4 === 0 && (g.ow * g.o) % 4 === 0;
  return {
    PADDED: readsPadding(g, { columns: across }),
    WORDS: isWhole || (channels % 4 === 0 && g.o % 4 === 0),
    WHOLE: isWhole,
    TRANSPOSED: transposed,
    WEIGHT_WORDS: !transposed && channels % 4 === 0 && g.o % 4 === 0,
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

/** Every combination of switches of a pass, with the tile sizes of the file; shapes choose the sizes. */
export function* directKernelsOf(
  pass: "forward" | "dx",
  subgroupSize: number | null,
): Iterable<Kernel> {
  if (subgroupSize === null) return;
  const constants = { SUBGROUP: subgroupSize };
  for (const flags of pass === "dx" ? gradientSwitches() : forwardSwitches()) {
    yield kernelFrom(shader, "forward", { flags, constants });
  }
}

const OUTPUTS: readonly Flags[] = [{}, { WORDS: true }, { WORDS: true, WHOLE: true }];

function gradientSwitches(): readonly Flags[] {
  return OUTPUTS.flatMap((output) =>
    [false, true].map((PADDED) => ({ ...output, PADDED, TRANSPOSED: true })),
  );
}

function* forwardSwitches(): Iterable<Flags> {
  for (const output of OUTPUTS) {
    for (const [HAS_BIAS, PADDED] of PAIRS) {
      for (const activation of ACTIVATIONS) {
        const flags = { ...activationFlags(activation), ...output, HAS_BIAS, PADDED };
        for (const WEIGHT_WORDS of [false, true]) yield { ...flags, WEIGHT_WORDS };
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
