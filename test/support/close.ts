// Comparison of number arrays with named tolerances and a failure text that helps: how many differ, where the worst is.

import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";

export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** Integers and copies. */
export const EXACT: Tolerance = { relative: 0, absolute: 0 };

/** Sums of `length` float32 products: PyTorch's default, grown with the length of the reduction. */
export function f32(length: number): Tolerance {
  return { relative: 1.3e-6 * Math.sqrt(Math.max(1, length)), absolute: 1e-5 };
}

/** Losses of whole models. */
export const LOSS: Tolerance = { relative: 1e-4, absolute: 1e-6 };

interface Comparison {
  readonly label: string;
  readonly shape: Shape;
  readonly actual: ArrayLike<number>;
  readonly expected: ArrayLike<number>;
  readonly tolerance: Tolerance;
}

/** Throws when an element differs by more than absolute + relative · |expected|; NaN differs from everything. */
export function assertClose(comparison: Comparison): void {
  const { label, shape, actual, expected, tolerance } = comparison;
  if (actual.length !== expected.length || actual.length !== sizeOf(shape)) {
    throw new Error(`${label}: ${actual.length} elements, expected ${expected.length} (${shape})`);
  }
  const wrong: number[] = [];
  let worst = 0;
  let worstError = -1;
  for (let i = 0; i < actual.length; i++) {
    const [a, e] = [actual[i] ?? Number.NaN, expected[i] ?? Number.NaN];
    const error = Math.abs(a - e);
    if (error <= tolerance.absolute + tolerance.relative * Math.abs(e)) continue;
    wrong.push(i);
    const badness = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
    if (badness > worstError) [worst, worstError] = [i, badness];
  }
  if (wrong.length === 0) return;
  const pair = (i: number) => `[${indexOf(i, shape)}] ${actual[i]}, expected ${expected[i]}`;
  throw new Error(
    `${label} (${shape}): ${wrong.length} of ${actual.length} differ; worst by ${worstError} at ${pair(worst)}; ` +
      `first: ${wrong.slice(0, 3).map(pair).join("; ")}`,
  );
}

function indexOf(flat: number, shape: Shape): string {
  const index: number[] = [];
  for (const extent of shape.toReversed()) {
    index.unshift(flat % extent);
    flat = Math.floor(flat / extent);
  }
  return index.join(",");
}
