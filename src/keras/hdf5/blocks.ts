// How a data set is read in blocks of a bounded size, in row-major order, so that they can be laid one behind another.

import { type Shape, sizeOf } from "../../engine/core/shape.ts";

export interface Block {
  readonly start: readonly number[];
  readonly count: readonly number[];
}

export interface BlockPlan {
  readonly shape: Shape;
  /** Rows of the first axis that are stored together: blocks begin and end between such stacks where they can. */
  readonly chunkRows: number;
  /** Elements of a block. */
  readonly most: number;
}

/** None for an empty data set; one without axes for a scalar. */
export function* blocksOf({ shape, chunkRows, most }: BlockPlan): Generator<Block> {
  if (sizeOf(shape) === 0) return;
  if (shape.length === 0) {
    yield { start: [], count: [] };
    return;
  }
  const axis = splitAxis(shape, most);
  const inner = sizeOf(shape.slice(axis + 1));
  const fitting = Math.max(1, Math.floor(most / inner));
  const aligned =
    axis === 0 && chunkRows < fitting ? fitting - (fitting % Math.max(1, chunkRows)) : fitting;
  const extent = shape[axis] ?? 1;
  for (const prefix of indices(shape.slice(0, axis))) {
    for (let row = 0; row < extent; row += aligned) {
      const rest = shape.slice(axis + 1);
      yield {
        start: [...prefix, row, ...rest.map(() => 0)],
        count: [...prefix.map(() => 1), Math.min(aligned, extent - row), ...rest],
      };
    }
  }
}

/** The first axis of which one step fits into a block. */
function splitAxis(shape: Shape, most: number): number {
  const axis = shape.findIndex((_, i) => sizeOf(shape.slice(i + 1)) <= most);
  return Math.max(0, axis);
}

/** All index vectors of a shape, the last axis fastest. */
function* indices(shape: Shape): Generator<readonly number[]> {
  const [extent, ...rest] = shape;
  if (extent === undefined) {
    yield [];
    return;
  }
  for (let i = 0; i < extent; i++) {
    for (const tail of indices(rest)) yield [i, ...tail];
  }
}
