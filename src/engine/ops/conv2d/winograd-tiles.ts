// How the rungs of Winograd's convolution cut maps into tiles, and tiles into parts that go through one after the other. What is
// recorded of a part is winograd.ts.

import { ceilDiv } from "../../core/shape.ts";
import type { Capabilities } from "../../program/program.ts";
import { gradientGeometry } from "./direct.ts";
import type { ConvGeometry } from "./problem.ts";

/** Pixels along an edge of a tile of the map written, and places of a transformed tile, which are as many matrix products. */
export interface Tiling {
  readonly tile: number;
  readonly places: number;
  /** Whether a tile must be a whole map with "same" edges: then the zeros around it are left out. */
  readonly isMap?: true;
}

export const TILES_OF_2: Tiling = { tile: 2, places: 16 };
export const TILES_OF_4: Tiling = { tile: 4, places: 36 };
export const MAPS_OF_2: Tiling = { tile: 2, places: 9, isMap: true };

/**
 * Bytes of transformed tiles at a time, or up to twice as many, so that all parts are alike: on software so few that what reads
 * them finds them in a cache (bench/NOTES.md); on hardware, where this is not measured, enough to fill it.
 */
const PART = { software: 4 * 2 ** 20, hardware: 64 * 2 ** 20 };
/** Parts of dw at most, each of which has products of its own. */
const MOST_PARTS = 16;

type Limits = Pick<Capabilities, "isSoftware" | "maxStorageBufferBindingSize">;

/**
 * Whether the window is 3×3 and visits every pixel, channels are whole words, padding is not wider than the window reaches,
 * maps are such as the tiling takes, and the temporaries can be bound.
 */
export function fitsWinograd(g: ConvGeometry, capabilities: Limits, tiling = TILES_OF_2): boolean {
  const { kh, kw, sh, sw, i, o, top, left } = g;
  if (kh !== 3 || kw !== 3 || sh !== 1 || sw !== 1 || top > 2 || left > 2) return false;
  if (i % 4 > 0 || o % 4 > 0) return false;
  if (tiling.isMap && !isSameMapOf(g, tiling.tile)) return false;
  const most = mostPartsOf(g, capabilities, tiling);
  const cut = { ...capabilities, tiling, mostParts: most };
  const tiles = [g, gradientGeometry(g)].map(
    (map) => linesOf(map, cut) * tilesOf(map, tiling).across,
  );
  const bytes = 4 * tiling.places * Math.max(...tiles) * Math.max(i, o);
  return most > 0 && bytes <= limitOf(capabilities);
}

/** Whether maps read and written are squares of `size`, the window reaching one pixel beyond on every side. */
function isSameMapOf({ h, w, oh, ow, top, left }: ConvGeometry, size: number): boolean {
  return [h, w, oh, ow].every((extent) => extent === size) && top === 1 && left === 1;
}

function limitOf({ maxStorageBufferBindingSize }: Limits): number {
  return maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY;
}

/** Parts of dw whose products fit into one binding; 0 where not even transformed weights do. */
export function mostPartsOf(
  { i, o }: ConvGeometry,
  capabilities: Limits,
  { places }: Tiling,
): number {
  return Math.min(MOST_PARTS, Math.floor(limitOf(capabilities) / (4 * places * i * o)));
}

/** Tiles of an image of the map written. */
function tilesOf({ oh, ow }: ConvGeometry, { tile }: Tiling) {
  return { down: ceilDiv(oh, tile), across: ceilDiv(ow, tile) };
}

interface Cut extends Pick<Capabilities, "isSoftware"> {
  readonly tiling: Tiling;
  readonly mostParts?: number;
}

/** Lines of tiles that are transformed at a time. */
function linesOf(
  g: ConvGeometry,
  { isSoftware, tiling, mostParts = Number.POSITIVE_INFINITY }: Cut,
): number {
  const { down, across } = tilesOf(g, tiling);
  const all = g.n * down;
  const bytes = 4 * tiling.places * all * across * Math.max(g.i, g.o);
  const parts = Math.floor(bytes / PART[isSoftware ? "software" : "hardware"]);
  return ceilDiv(all, Math.max(1, Math.min(all, parts, mostParts)));
}

/** Some lines of tiles: those of one turn of the dispatches. */
export interface Part {
  readonly first: number;
  readonly lines: number;
  readonly tiles: number;
  /** Tiles of an image, as of every part. */
  readonly down: number;
  readonly across: number;
  /** Of all of them. */
  readonly share: number;
}

export function partsOf(g: ConvGeometry, cut: Cut): readonly Part[] {
  const lines = linesOf(g, cut);
  const { down, across } = tilesOf(g, cut.tiling);
  const all = g.n * down;
  return Array.from({ length: ceilDiv(all, lines) }, (_, index) => {
    const first = index * lines;
    const count = Math.min(lines, all - first);
    const tiles = count * across;
    return { first, lines: count, tiles, down, across, share: count / all };
  });
}

/**
 * Transformed tiles as (tile, place, channel), their places being runs of a product's k or of its columns. An invocation takes
 * four channels of a line of tiles.
 */
export function placesOf(part: Part, places: number, channels: number) {
  const quads = channels / 4;
  const apart = { tile_apart: places * quads, position_apart: quads };
  return { part, invocations: part.lines * quads, apart };
}

/** The same as (place, tile, channel): tiles are a product's k, that of a place behind that of the one before. */
export function tilesApart(part: Part, channels: number) {
  const quads = channels / 4;
  const apart = { tile_apart: quads, position_apart: part.tiles * quads };
  return { part, invocations: part.lines * quads, apart };
}
