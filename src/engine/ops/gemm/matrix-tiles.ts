// How a workgroup's subgroups share a tile, where they multiply matrices that they hold together (shaders/lib/matrix-tile.wgsl): the
// rung subgroup-matrix of products and convolutions, for operands that are stored as f16, and as f32 where adapters have such matrices.

import type { MatrixComponent } from "../../core/subgroups.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Constants, Flags } from "../../core/wgsl.ts";
import type { Capabilities } from "../../program/program.ts";
import { constantsOf, invocationsOf, type Tile, tileOf } from "./tiles.ts";

/** How a kernel of the tiled shaders multiplies, beside what it is told of its operands. */
export interface TileWay {
  readonly tile: Tile;
  readonly flags: Flags;
  readonly constants: Constants;
}

/** By invocations, each for itself. */
export function ownWay(tile: Tile): TileWay {
  return { tile, flags: {}, constants: constantsOf(tile) };
}

/** Four subgroups of 32 lanes, of 2 × 2 matrices of 16 × 16 each. */
export const MATRIX_TILE = tileOf("64x64/8x4/16");

/** As they are found in other engines: ggml's 64 × 64, CUTLASS's larger ones, and a small one for small results. */
export const MATRIX_TILES: readonly Tile[] = [
  tileOf("32x32/4x4/32"),
  tileOf("64x64/8x4/32"),
  tileOf("128x64/8x8/16"),
  tileOf("128x128/8x8/16"),
];

/** The default tile by what adapters of so large subgroups multiply; for lists of kernels, which know of no adapter. */
export function exampleWay(subgroupSize: number): TileWay | null {
  const edge = subgroupSize < 16 ? 8 : 16;
  const matrices = { f16: { rows: edge, columns: edge, depth: edge }, f32: null };
  return matrixWay(MATRIX_TILE, { subgroupSize, matrices, isSoftware: false }, { of: "f16" });
}

/**
 * What the rung's result may be off beyond the rounding of a float32 sum, as a share of its largest element: adapters may add a
 * matrix's products before they round, or cut off where others round.
 */
export const MATRIX_ERROR = 1e-5;

/** Of which matrices such operands' product is: nothing is rounded to f16 for it that is not f16 already. */
export function componentOf(a: Tensor, b: Tensor): MatrixComponent {
  return a.dtype === "f16" && b.dtype === "f16" ? "f16" : "f32";
}

export interface MatrixUse {
  readonly of: MatrixComponent;
  /** Bytes of workgroup memory that the kernel takes beside the tile. */
  readonly more?: number;
}

/** By subgroups; null where the tile does not divide among them, or takes more memory than a workgroup has. */
export function matrixWay(
  tile: Tile,
  capabilities: Capabilities,
  { of, more = 0 }: MatrixUse,
): TileWay | null {
  const { matrices, subgroupSize, maxComputeWorkgroupStorageSize: most } = capabilities;
  const matrix = matrices?.[of] ?? null;
  if (!matrix || subgroupSize === null || tile.depth % matrix.depth > 0) return null;
  const subgroups = invocationsOf(tile) / subgroupSize;
  const down = [2, 1, 4, 8, 16, 32].find((count) => {
    const across = subgroups / count;
    const isWhole = Number.isInteger(across) && across > 0;
    const lies = tile.rows % (count * matrix.rows) === 0;
    const isAtMost = count <= 2 * across;
    return isWhole && lies && isAtMost && tile.columns % (across * matrix.columns) === 0;
  });
  if (down === undefined) return null;
  const words = tile.depth * (tile.rows / 4 + 2 + tile.columns / 4 + 2);
  const bytes = (of === "f16" ? 8 : 16) * words + 4 * down * matrix.rows * tile.columns + more;
  if (bytes > (most ?? Number.POSITIVE_INFINITY)) return null;
  return {
    tile,
    flags: { MATRIX: true, HALVES: of === "f16" },
    constants: {
      ...constantsOf(tile),
      SUBGROUP: subgroupSize,
      SUBGROUPS_DOWN: down,
      MATRIX_ROWS: matrix.rows,
      MATRIX_COLUMNS: matrix.columns,
      MATRIX_DEPTH: matrix.depth,
    },
  };
}
