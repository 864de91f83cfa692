// The tiled rung of a matrix product: which tile its workgroups compute, and by which words it reads and writes.

import shader from "../../../shaders/gemm/tiled.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import type { Flags } from "../../core/wgsl.ts";
import type { Rung } from "../../program/ladder.ts";
import type { Capabilities } from "../../program/program.ts";
import type { Recorder } from "../../program/recorder.ts";
import {
  componentOf,
  exampleWay,
  MATRIX_ERROR,
  MATRIX_TILE,
  MATRIX_TILES,
  matrixWay,
  ownWay,
  type TileWay,
} from "./matrix-tiles.ts";
import { combinations, epilogue, type GemmInto, type Problem, transposes } from "./problem.ts";
import { recordSliced, recordSums, sliceOf } from "./sliced.ts";
import {
  areaOf,
  DEFAULT_TILE,
  fitsMemory,
  loadsOf,
  TILES,
  type Tile,
  tilesOf,
  tileVariants,
} from "./tiles.ts";

export const TILED: Rung<Problem> = {
  name: "tiled",
  fits: () => true,
  record: (rec, problem) => recordTiled(rec, problem, ownWay(DEFAULT_TILE)),
  variants: tileVariants(TILES, {
    extentsOf: ({ m, n }) => ({ rows: m, columns: n }),
    defaultOf: () => DEFAULT_TILE,
    fits: (_, capabilities, tile) => fitsMemory(tile, capabilities),
    record: (rec, problem, tile) => recordTiled(rec, problem, ownWay(tile)),
  }),
};

/** On adapters whose subgroups multiply matrices of what the operands are stored as. */
export const SUBGROUP_MATRIX: Rung<Problem> = {
  name: "subgroup-matrix",
  fits: (problem, capabilities) => fitsMatrix(problem, capabilities, MATRIX_TILE),
  errorOfLargest: MATRIX_ERROR,
  record: (rec, problem) => recordMatrix(rec, problem, MATRIX_TILE),
  variants: tileVariants(MATRIX_TILES, {
    extentsOf: ({ m, n }) => ({ rows: m, columns: n }),
    defaultOf: () => MATRIX_TILE,
    fits: fitsMatrix,
    record: recordMatrix,
  }),
};

function fitsMatrix({ request }: Problem, capabilities: Capabilities, tile: Tile): boolean {
  const of = componentOf(request.a, request.b);
  return matrixWay(tile, capabilities, { of }) !== null;
}

function recordMatrix(rec: Recorder, problem: Problem, tile: Tile): void {
  const { a, b } = problem.request;
  const way = matrixWay(tile, rec.capabilities, { of: componentOf(a, b) });
  if (way) recordTiled(rec, problem, way);
}

function recordTiled(rec: Recorder, problem: Problem, way: TileWay): void {
  const { tile } = way;
  const { request, m, n, k, parts = 1 } = problem;
  const extents = { rows: m, columns: n };
  const [down, across] = tilesOf(extents, tile);
  // Slices are the default tile's, whatever the tile, so that all give the same bits.
  const [usualDown, usualAcross] = tilesOf(extents, DEFAULT_TILE);
  const slice = sliceOf(rec, usualDown * usualAcross, k);
  const vecs = vecsOf(request, { m, n, k: parts > 1 ? k / parts : k }, tile);
  recordSliced(rec, problem, {
    tiles: down * across,
    tileArea: areaOf(extents, tile) / (down * across),
    kernel: (epilogueFlags) =>
      tiledKernel({ ...transposes(request), ...epilogueFlags, ...vecs }, way),
    slice,
  });
  recordSums(rec, request);
}

/** How the tiled rung reads and writes: by vec4 words where it can; along k those of a block are turned, four an invocation. */
function vecsOf(
  { transA = false, transB = false }: Pick<GemmInto, "transA" | "transB">,
  { m, n, k }: { readonly m: number; readonly n: number; readonly k: number },
  tile: Tile,
): Flags {
  const { left, right } = loadsOf(tile);
  const vec = (extent: number) => extent % 4 === 0;
  const BLOCK_A = !transA && vec(k) && vec(left);
  const BLOCK_B = transB && vec(k) && vec(right);
  return {
    ...{ BLOCK_A, BLOCK_B },
    VEC_A: transA ? vec(m) : BLOCK_A,
    VEC_B: transB ? BLOCK_B : vec(n),
    VEC_C: vec(n),
  };
}

function tiledKernel(flags: Flags, { flags: own, constants }: TileWay): Kernel {
  return kernelFrom(shader, "multiply", { flags: { ...flags, ...own }, constants });
}

/** Those of the default tile with every epilogue, and those of the others with none; likewise by matrices. */
export function* everyTiled(
  epilogues: readonly Flags[],
  subgroupSize: number | null,
): Iterable<Kernel> {
  for (const end of epilogues) yield* productsBy(ownWay(DEFAULT_TILE), end);
  for (const tile of TILES) {
    if (tile.name !== DEFAULT_TILE.name) yield* productsBy(ownWay(tile));
  }
  const matrices = subgroupSize === null ? null : exampleWay(subgroupSize);
  if (matrices) yield* productsBy(matrices);
}

/** Of one way: every way to store the operands, each with extents that are whole words and that are not. */
export function* productsBy(way: TileWay, end: Flags = epilogue({})): Iterable<Kernel> {
  const found = combinations(["transA", "transB", "m", "n", "k"]).map(
    ({ transA, transB, ...vec }) => {
      const stored = { transA: transA === true, transB: transB === true };
      const extents = { m: vec["m"] ? 4 : 1, n: vec["n"] ? 4 : 1, k: vec["k"] ? 4 : 1 };
      return { ...transposes(stored), ...vecsOf(stored, extents, way.tile) };
    },
  );
  for (const flags of new Map(found.map((one) => [JSON.stringify(one), one])).values()) {
    yield tiledKernel({ ...flags, ...end }, way);
  }
}
