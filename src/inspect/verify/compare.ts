// Numbers of the device beside those that are expected: how far off, in what measure, and whether rounding explains it.

import type { Values } from "../walk.ts";
import { type Expected, TINY } from "./reference/reference.ts";

/** An element, got and expected. */
export interface Difference {
  readonly index: number;
  readonly got: number;
  readonly expected: number;
  readonly absolute: number;
  /** Over the expected magnitude; null where that is 0. */
  readonly relative: number | null;
  /** Float32 numbers from one to the other; null where one is no number. */
  readonly ulp: number | null;
  readonly bound: number;
  /** The absolute difference over the bound: more than 1 is out of bounds. */
  readonly ofBound: number;
}

export interface Comparison {
  readonly checked: number;
  /** How many are out of bounds. */
  readonly outside: number;
  /** The one that is the largest share of its bound; null where nothing was checked. */
  readonly worst: Difference | null;
}

/** Compares the elements of these indices; an expectation of null is none. */
export function compare(
  got: Values,
  indices: Iterable<number>,
  expectedAt: (index: number) => Expected | null,
): Comparison {
  let [checked, outside] = [0, 0];
  let worst: { readonly index: number; readonly expected: Expected } | null = null;
  let most = -1;
  for (const index of indices) {
    const expected = expectedAt(index);
    if (!expected) continue;
    checked++;
    const ofBound = shareOfBound(got[index] ?? Number.NaN, expected);
    if (ofBound > 1) outside++;
    if (ofBound > most) [worst, most] = [{ index, expected }, ofBound];
  }
  return { checked, outside, worst: worst && differenceAt(got, worst.index, worst.expected) };
}

function shareOfBound(got: number, { value, error }: Expected): number {
  const off = distance(got, value);
  if (off === 0) return 0;
  // Of results that are not finite nothing is expected beyond their being so.
  return Number.isFinite(off) ? off / (error + TINY) : Number.POSITIVE_INFINITY;
}

/** 0 between two that are not finite in the same way, infinite where only one is. */
function distance(got: number, expected: number): number {
  const rounded = Math.fround(expected);
  if (Object.is(got, rounded) || (Number.isNaN(got) && Number.isNaN(expected))) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(rounded)) {
    return got === rounded ? 0 : Number.POSITIVE_INFINITY;
  }
  return Math.abs(got - expected);
}

function differenceAt(values: Values, index: number, expected: Expected): Difference {
  const got = values[index] ?? Number.NaN;
  const { value, error } = expected;
  const absolute = distance(got, value);
  return {
    ...{ index, got, expected: value, absolute },
    relative: value === 0 ? null : absolute / Math.abs(value),
    ulp: values instanceof Float32Array ? ulpBetween(got, value) : absolute,
    bound: error + TINY,
    ofBound: shareOfBound(got, expected),
  };
}

const floats = new Float32Array(1);
const bits = new Int32Array(floats.buffer);

/** Float32 numbers from `a` to `b`, both rounded to such. */
export function ulpBetween(a: number, b: number): number | null {
  if (Number.isNaN(a) || Number.isNaN(b)) return null;
  return Math.abs(place(a) - place(b));
}

/** The place of a number among all float32, from the least to the greatest; both zeros share one. */
function place(value: number): number {
  floats[0] = value;
  const word = bits[0] ?? 0;
  return word < 0 ? -(word & 0x7fffffff) : word;
}

/**
 * All of so many indices, or at most `most` of them: a quarter from the beginning, a quarter from the end, where tiles are
 * cut off, and the rest from in between, evenly.
 */
export function* sampled(elements: number, most: number): Iterable<number> {
  const edge = elements <= most ? elements : Math.max(1, Math.floor(most / 4));
  for (let index = 0; index < edge; index++) yield index;
  if (elements <= most) return;
  const between = most - 2 * edge;
  const apart = (elements - 2 * edge) / Math.max(1, between);
  for (let i = 0; i < between; i++) yield edge + Math.floor(i * apart);
  for (let index = elements - edge; index < elements; index++) yield index;
}
