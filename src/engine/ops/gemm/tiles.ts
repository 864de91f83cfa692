// The tiles that a product computed in workgroup memory may be cut into (shaders/lib/product-tile.wgsl), and the variants of a
// rung that they make. A tile is a matter of speed alone: each sums in the same order, and so gives the same bits.

import { ceilDiv } from "../../core/shape.ts";
import type { Constants } from "../../core/wgsl.ts";
import type { Variant } from "../../program/ladder.ts";
import type { Capabilities } from "../../program/program.ts";
import type { Recorder } from "../../program/recorder.ts";

export interface Tile {
  /** `64x64/8x4/16`: of the workgroup, of an invocation, and steps of the sum in workgroup memory at a time. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly threadRows: number;
  readonly threadColumns: number;
  readonly depth: number;
}

/** By its name. */
export function tileOf(name: string): Tile {
  const [rows = 0, columns = 0, threadRows = 0, threadColumns = 0, depth = 0] = name
    .split(/[x/]/)
    .map(Number);
  return { name, rows, columns, threadRows, threadColumns, depth };
}

/** What suits no size badly; the one that there was first, and so the order's. */
export const DEFAULT_TILE = tileOf("64x64/4x4/16");

/**
 * Those that were found good on adapters of several makers: tfjs and onnxruntime (32×32, deep), ggml (32×32, flat; 64×64 of
 * 8 × 8), CUTLASS and the like (128×64, 128×128). None has more invocations than the 256 that every adapter allows.
 */
export const TILES: readonly Tile[] = [
  "32x32/4x4/8",
  "32x32/4x4/32",
  DEFAULT_TILE.name,
  "64x64/8x4/16",
  "64x64/8x8/16",
  "128x64/8x4/16",
  "128x64/8x8/16",
  "128x128/8x8/8",
  "128x128/8x8/16",
].map(tileOf);

export function constantsOf(tile: Tile): Constants {
  return {
    TILE_ROWS: tile.rows,
    TILE_COLUMNS: tile.columns,
    THREAD_ROWS: tile.threadRows,
    THREAD_COLUMNS: tile.threadColumns,
    DEPTH: tile.depth,
  };
}

export function invocationsOf({ rows, columns, threadRows, threadColumns }: Tile): number {
  return (rows / threadRows) * (columns / threadColumns);
}

/** Words that an invocation loads of either side. */
export function loadsOf(tile: Tile): { readonly left: number; readonly right: number } {
  const words = (edge: number) => ceilDiv((tile.depth * edge) / 4, invocationsOf(tile));
  return { left: words(tile.rows), right: words(tile.columns) };
}

/** Whether an adapter's workgroups have the memory, with `more` bytes beside the tiles. */
export function fitsMemory(
  { rows, columns, depth }: Tile,
  { maxComputeWorkgroupStorageSize = Number.POSITIVE_INFINITY }: Capabilities,
  more = 0,
): boolean {
  const bytes = 16 * depth * (rows / 4 + 1 + columns / 4 + 1) + more;
  return bytes <= maxComputeWorkgroupStorageSize;
}

export interface Extents {
  readonly rows: number;
  readonly columns: number;
}

/** Tiles of a result, down and across. */
export function tilesOf({ rows, columns }: Extents, tile: Tile): readonly [number, number] {
  return [ceilDiv(rows, tile.rows), ceilDiv(columns, tile.columns)];
}

/** Elements that are computed, with those beyond the edges. */
export function areaOf(extents: Extents, tile: Tile): number {
  const [down, across] = tilesOf(extents, tile);
  return down * across * tile.rows * tile.columns;
}

export interface Tiling<Problem> {
  extentsOf(problem: Problem): Extents;
  /** The tile that the rung takes by itself. */
  defaultOf(problem: Problem): Tile;
  fits(problem: Problem, capabilities: Capabilities, tile: Tile): boolean;
  record(rec: Recorder, problem: Problem, tile: Tile): void;
}

/** A tile that computes so many times what the default one does, beyond the edges, is not worth measuring. */
const TOO_MUCH = 1.5;

/** The variants of a rung that computes in tiles. */
export function tileVariants<Problem>(
  tiles: readonly Tile[],
  tiling: Tiling<Problem>,
): readonly Variant<Problem>[] {
  return tiles.map((tile) => ({
    name: tile.name,
    isDefault: (problem) => tiling.defaultOf(problem).name === tile.name,
    fits: (problem, capabilities) => tiling.fits(problem, capabilities, tile),
    suits(problem) {
      const [extents, usual] = [tiling.extentsOf(problem), tiling.defaultOf(problem)];
      // A narrow tile reads the left side again and again; the default is as narrow as the result.
      return (
        areaOf(extents, tile) <= TOO_MUCH * areaOf(extents, usual) &&
        tile.columns >= usual.columns / 2
      );
    },
    record: (rec, problem) => tiling.record(rec, problem, tile),
  }));
}
