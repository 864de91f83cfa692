// How series are told apart in one picture: as many colours as the palette has, then the same again with another dash or shape.

import { INK, PALETTE } from "./render.ts";

const COLOURS = Object.values(PALETTE);

/** More than this could not be told apart. */
export const MOST_SERIES = 2 * COLOURS.length;

export function colourOf(_: string, index: number): string {
  return COLOURS[index % COLOURS.length] ?? INK.text;
}

export function dashOf(_: string, index: number): number[] {
  return index < COLOURS.length ? [1, 0] : [6, 4];
}

export function shapeOf(_: string, index: number): string {
  return index < COLOURS.length ? "circle" : "diamond";
}

/** So many that long names do not run out of the picture. */
export function legendColumns(names: readonly string[]): number {
  const longest = Math.max(...names.map((name) => name.length));
  return longest > 28 ? 2 : longest > 14 ? 3 : 6;
}
