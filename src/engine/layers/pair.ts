// Sizes that may be given once for both axes, and the checks that every layer's numbers pass when it is configured.

import { ShapeError } from "../core/errors.ts";

/** One number for both axes, or (down, across). */
export type Pair = number | readonly [number, number];

/** Both numbers of a pair. Throws ShapeError naming `where` unless both are whole and positive. */
export function pairOf(pair: Pair, where: string): readonly [number, number] {
  const both = typeof pair === "number" ? ([pair, pair] as const) : pair;
  for (const extent of both) positiveInteger(extent, where);
  return both;
}

export function positiveInteger(value: number, where: string): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new ShapeError(`${where}: takes whole numbers of at least 1, got ${value}`);
  }
  return value;
}
