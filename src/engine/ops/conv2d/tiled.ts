// The tiled rung of all three ladders: a convolution or one of its gradients as one implicit matrix product
// (tiled.wgsl), its size in tiles, and over how many workgroups the sum is split.

import shader from "../../../shaders/conv2d/tiled.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv } from "../../core/shape.ts";
import { reshaped, type Tensor } from "../../core/tensor.ts";
import type { Flags } from "../../core/wgsl.ts";
import type { Rung } from "../../program/ladder.ts";
import type { Capabilities } from "../../program/program.ts";
import type { Recorder } from "../../program/recorder.ts";
import { ACTIVATIONS, type Activation, activationFlags } from "../gemm/bias-activation.ts";
import {
  componentOf,
  exampleWay,
  MATRIX_ERROR,
  MATRIX_TILE,
  MATRIX_TILES,
  matrixWay,
  ownWay,
  type TileWay,
} from "../gemm/matrix-tiles.ts";
import { combinations } from "../gemm/problem.ts";
import { recordCombine } from "../gemm/sliced.ts";
import {
  areaOf,
  DEFAULT_TILE,
  fitsMemory,
  invocationsOf,
  loadsOf,
  TILES,
  type Tile,
  tileOf,
  tilesOf,
  tileVariants,
} from "../gemm/tiles.ts";
import { type ConvGeometry, type ConvPass, convFlops, inputBytes } from "./problem.ts";

/** What is multiplied: a gathered, b as it is stored. */
interface Operands {
  readonly geometry: ConvGeometry;
  readonly a: Tensor;
  readonly b: Tensor;
  readonly out: Tensor;
  readonly bias?: Tensor | null;
  readonly activation?: Activation;
}

/** Both rungs of one of the ladders, by the operands that its problems have. */
export function tiledRungs<Problem extends { readonly geometry: ConvGeometry }>(
  pass: ConvPass,
  operandsOf: (problem: Problem) => Operands,
): readonly Rung<Problem>[] {
  return [tiledRung(pass, operandsOf), matrixRung(pass, operandsOf)];
}

function tiledRung<Problem extends { readonly geometry: ConvGeometry }>(
  pass: ConvPass,
  operandsOf: (problem: Problem) => Operands,
): Rung<Problem> {
  const productOfProblem = ({ geometry }: Problem) => productOf(pass, geometry);
  const defaultOf = (problem: Problem) => defaultTile(productOfProblem(problem));
  const fits = ({ geometry }: Problem, capabilities: Capabilities, tile: Tile) =>
    fitsTile(pass, geometry, capabilities, tile);
  const record = (rec: Recorder, problem: Problem, tile: Tile) =>
    recordTiled(rec, operandsOf(problem), { pass, way: ownWay(tile) });
  return {
    name: "tiled",
    fits: (problem, capabilities) => fits(problem, capabilities, defaultOf(problem)),
    record: (rec, problem) => record(rec, problem, defaultOf(problem)),
    variants: tileVariants(CONV_TILES, { extentsOf: productOfProblem, defaultOf, fits, record }),
  };
}

/** The rung subgroup-matrix. */
function matrixRung<Problem extends { readonly geometry: ConvGeometry }>(
  pass: ConvPass,
  operandsOf: (problem: Problem) => Operands,
): Rung<Problem> {
  const wayOf = (problem: Problem, capabilities: Capabilities, tile: Tile) => {
    const { a, b } = operandsOf(problem);
    return matrixWay(tile, capabilities, { of: componentOf(a, b), more: placesOf(tile) });
  };
  const fits = (problem: Problem, capabilities: Capabilities, tile: Tile) => {
    const way = wayOf(problem, capabilities, tile);
    return way !== null && fitsGrid(pass, problem.geometry, tile);
  };
  const record = (rec: Recorder, problem: Problem, tile: Tile) => {
    const way = wayOf(problem, rec.capabilities, tile);
    if (way) recordTiled(rec, operandsOf(problem), { pass, way });
  };
  return {
    name: "subgroup-matrix",
    fits: (problem, capabilities) => fits(problem, capabilities, MATRIX_TILE),
    errorOfLargest: MATRIX_ERROR,
    record: (rec, problem) => record(rec, problem, MATRIX_TILE),
    variants: tileVariants(MATRIX_TILES, {
      ...{ extentsOf: ({ geometry }) => productOf(pass, geometry), fits, record },
      defaultOf: () => MATRIX_TILE,
    }),
  };
}

const NARROW_TILE = tileOf("256x16/4x4/16");
const SLIM_TILE = tileOf("128x32/4x4/16");
const CONV_TILES: readonly Tile[] = [
  tileOf("64x16/4x4/16"),
  NARROW_TILE,
  SLIM_TILE,
  tileOf("128x32/8x4/16"),
  ...TILES,
];

const MOST_GROUPS = 65_535;
/** Workgroups that fill a large GPU, and the least of a sum that is worth a workgroup. */
const ENOUGH_GROUPS = 256;
const LEAST_SPLIT = 512;
/** The unit of splits, which is not a tile's depth, so that all tiles sum alike. */
const SPLIT_UNIT = 16;

interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

function productOf(pass: ConvPass, g: ConvGeometry): Product {
  if (pass === "forward") {
    return { rows: g.n * g.oh * g.ow, columns: g.o, depth: g.kh * g.kw * g.i };
  }
  if (pass === "dx") return { rows: g.n * g.h * g.w, columns: g.i, depth: g.kh * g.kw * g.o };
  return { rows: g.kh * g.kw * g.i, columns: g.o, depth: g.n * g.oh * g.ow };
}

/** Narrow and tall where the columns are few, of the same area always. */
function defaultTile({ columns }: Pick<Product, "columns">): Tile {
  return columns <= 16 ? NARROW_TILE : columns <= 32 ? SLIM_TILE : DEFAULT_TILE;
}

/** Above a stride times a window so large, a tap is not divided by a multiplication (see `per_sh`). */
const MOST_STRIDED = 65_536;

/** The tallest tile takes more workgroup memory than WebGPU's default, with which an adapter may leave it. */
function fitsTile(
  pass: ConvPass,
  geometry: ConvGeometry,
  capabilities: Capabilities,
  tile: Tile,
): boolean {
  return fitsMemory(tile, capabilities, placesOf(tile)) && fitsGrid(pass, geometry, tile);
}

/** Bytes of workgroup memory for where the rows of a tile are. */
function placesOf(tile: Tile): number {
  return 16 * tile.rows;
}

function fitsGrid(pass: ConvPass, geometry: ConvGeometry, tile: Tile): boolean {
  const { kh, kw, sh, sw } = geometry;
  return (
    tilesOf(productOf(pass, geometry), tile).every((groups) => groups <= MOST_GROUPS) &&
    Math.max(kh * sh, kw * sw) < MOST_STRIDED
  );
}

/**
 * Depth of a split; only dw, with its short rows and columns and long sums, is split. As by the default tile, whatever the tile, so
 * that all give the same bits.
 */
function splitDepthOf(pass: ConvPass, product: Product): number {
  const [down, across] = tilesOf(product, defaultTile(product));
  const most = pass === "dw" ? ceilDiv(product.depth, LEAST_SPLIT) : 1;
  const splits = Math.max(1, Math.min(most, Math.floor(ENOUGH_GROUPS / (down * across))));
  return ceilDiv(ceilDiv(product.depth, splits), SPLIT_UNIT) * SPLIT_UNIT;
}

/** Records the product, and the sum of its splits where there are several. */
function recordTiled(
  rec: Recorder,
  { geometry, a, b, out, bias = null, activation = "linear" }: Operands,
  { pass, way }: { readonly pass: ConvPass; readonly way: TileWay },
): void {
  const { tile } = way;
  const product = productOf(pass, geometry);
  const split_depth = splitDepthOf(pass, product);
  const splits = ceilDiv(product.depth, split_depth);
  const params = {
    ...{ ...geometry, ...product, split_depth },
    ...strideOf(pass, geometry, tile),
    ...{ per_sh: ceilDiv(65_536, geometry.sh), per_sw: ceilDiv(65_536, geometry.sw) },
  };
  const { rows, columns } = product;
  const isSplit = splits > 1;
  const products = isSplit ? rec.allocate([splits, rows, columns], `${pass}.splits`) : out;
  const epilogue = { ...activationFlags(activation), HAS_BIAS: bias !== null };
  rec.dispatch({
    op: "conv2d",
    kernel: multiplyKernel({ ...epilogue, ...switchesOf(pass, geometry, tile) }, way),
    grid: [...tilesOf(product, tile), splits],
    bind: { a, b, out: products, ...(bias ? { bias } : {}) },
    params,
    flops: convFlops(geometry),
    executedFlops: 2 * areaOf(product, tile) * product.depth,
    ...(pass === "dx" ? {} : { touched: { a: inputBytes(geometry) } }),
  });
  if (!isSplit) return;
  const result = reshaped(out, [rows, columns]);
  recordCombine(rec, result, {
    ...{ op: "conv2d", partial: products, slices: splits, apart: rows * columns },
  });
}

/** How far an invocation's next step lies from the one before, in the digits of a step: see `digits_of`. */
function strideOf(pass: ConvPass, { i, kw, oh, ow, o }: ConvGeometry, tile: Tile) {
  const stride = pass === "dw" ? invocationsOf(tile) / (tile.rows / 4) : tile.depth;
  const [inner, middle] = pass === "dw" ? [ow, oh] : [pass === "dx" ? o : i, kw];
  return {
    stride_inner: stride % inner,
    stride_middle: Math.floor(stride / inner) % middle,
    stride_outer: Math.floor(stride / (inner * middle)),
  };
}

type Channels = Pick<ConvGeometry, "i" | "o" | "sh" | "sw">;

/** How the kernel reads and writes: words where channels are whole ones; along the sum those of a block, four an invocation. */
function switchesOf(pass: ConvPass, { i, o, sh, sw }: Channels, tile: Tile): Flags {
  const { left, right } = loadsOf(tile);
  const vec = (extent: number) => extent % 4 === 0;
  const [isDx, isDw] = [pass === "dx", pass === "dw"];
  const BLOCK_A = !isDw && vec(isDx ? o : i) && vec(left);
  const BLOCK_B = isDx && vec(o) && vec(right);
  return {
    ...{ DX: isDx, DW: isDw, BLOCK_A, BLOCK_B },
    STRIDED: isDx && (sh > 1 || sw > 1),
    VEC_A: isDw ? vec(i) : BLOCK_A,
    VEC_B: isDx ? BLOCK_B : vec(o),
    VEC_C: vec(isDx ? i : o),
  };
}

function multiplyKernel(flags: Flags, { flags: own, constants }: TileWay): Kernel {
  return kernelFrom(shader, "multiply", { flags: { ...flags, ...own }, constants });
}

/** Every kernel of a pass's rungs; of the forward pass by default tiles with every epilogue, of others with none. */
export function* tiledKernelsOf(pass: ConvPass, subgroupSize: number | null): Iterable<Kernel> {
  const isDefault = (tile: Tile) =>
    [NARROW_TILE, SLIM_TILE, DEFAULT_TILE].some(({ name }) => name === tile.name);
  for (const tile of CONV_TILES) yield* passBy(pass, ownWay(tile), isDefault(tile));
  const matrices = subgroupSize === null ? null : exampleWay(subgroupSize);
  if (matrices) yield* passBy(pass, matrices);
}

/** The kernels of all passes by one way, without epilogues. */
export function* convolutionsBy(way: TileWay): Iterable<Kernel> {
  for (const pass of ["forward", "dx", "dw"] as const) yield* passBy(pass, way);
}

/** The forward pass with every epilogue, or with none. */
function* passBy(pass: ConvPass, way: TileWay, withEpilogues = false): Iterable<Kernel> {
  const ends = withEpilogues && pass === "forward" ? EPILOGUES : [{ HAS_BIAS: false }];
  for (const end of ends) {
    for (const flags of allSwitches(pass, way.tile)) {
      yield multiplyKernel({ ...end, ...flags }, way);
    }
  }
}

const EPILOGUES: readonly Flags[] = ACTIVATIONS.flatMap((activation) =>
  [false, true].map((hasBias) => ({ ...activationFlags(activation), HAS_BIAS: hasBias })),
);

/** Each way of reading and writing once. */
function allSwitches(pass: ConvPass, tile: Tile): Iterable<Flags> {
  const found = combinations(["i", "o", "isStrided"]).map(({ i, o, isStrided }) => {
    const channels = { i: i ? 4 : 1, o: o ? 4 : 1, sh: isStrided ? 2 : 1, sw: 1 };
    return switchesOf(pass, channels, tile);
  });
  return new Map(found.map((flags) => [JSON.stringify(flags), flags])).values();
}
