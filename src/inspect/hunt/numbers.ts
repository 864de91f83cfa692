// What the numbers of a tensor are like: how small, how large, and how many are none.

import { isFloat, type Values } from "../walk.ts";

export interface NumberRange {
  /** Of the finite elements; null where there are none. */
  readonly least: number | null;
  readonly most: number | null;
  /** The largest magnitude of a finite element. */
  readonly largest: number;
  /** How many are infinite or NaN, and the first of them. */
  readonly nonFinite: number;
  readonly first: number | null;
}

export function rangeOf(values: Values): NumberRange {
  let [least, most, nonFinite] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  let first: number | null = null;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    if (Number.isFinite(value)) {
      if (value < least) least = value;
      if (value > most) most = value;
    } else {
      first ??= index;
      nonFinite++;
    }
  }
  const isEmpty = least > most;
  return {
    least: isEmpty ? null : least,
    most: isEmpty ? null : most,
    largest: isEmpty ? 0 : Math.max(Math.abs(least), Math.abs(most)),
    nonFinite,
    first,
  };
}

/** Whether every element is finite; of integers, yes. */
export function areFinite(values: Values): boolean {
  if (!isFloat(values)) return true;
  // x − x is 0 for a finite x, and NaN for any other.
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    sum += value - value;
  }
  return sum === 0;
}
