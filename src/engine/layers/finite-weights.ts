// Looks for what is no number among weights: a model with one such value predicts nothing, whatever its other values are.

import type { NamedValues } from "./variables.ts";

export interface NonFinite {
  /** Of the variable. */
  readonly name: string;
  /** Of the first such element; row-major. */
  readonly index: number;
  readonly value: number;
  /** Such elements of the variable, and all of it. */
  readonly count: number;
  readonly elements: number;
}

/** The first variable with a value that is NaN or infinite; null where all are finite. */
export function findNonFinite(weights: Iterable<NamedValues>): NonFinite | null {
  for (const [name, values] of weights) {
    if (isAllFinite(values)) continue;
    const index = values.findIndex((value) => !Number.isFinite(value));
    const count = values.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0);
    return { name, index, value: values[index] ?? Number.NaN, count, elements: values.length };
  }
  return null;
}

/** 0 · x is 0 for every finite x, and NaN for the others, which stays: one pass without a branch. */
function isAllFinite(values: Float32Array): boolean {
  let sum = 0;
  for (const value of values) sum += 0 * value;
  return sum === 0;
}
