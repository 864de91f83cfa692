// What the page shows of a tensor's elements: their statistics, their distribution, the first of them, and a picture.

import type { Shape } from "../../engine/core/shape.ts";
import type { Values } from "../walk.ts";
import type { ValuesView } from "./inspector-document.ts";
import { pictureOf, type Reading } from "./picture.ts";

export const BINS = 24;
const FIRST = 64;

export interface ValuesOptions {
  readonly reading: Reading;
  /** Of the picture, at most. */
  readonly bytes: number;
}

/** Statistics and bins are of the finite elements. */
export function valuesView(values: Values, shape: Shape, options: ValuesOptions): ValuesView {
  let [min, max, sum, zeros, finite] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    0,
    0,
  ];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    finite++;
    if (value === 0) zeros++;
  }
  if (finite === 0) [min, max] = [0, 0];
  const mean = sum / Math.max(1, finite);
  const histogram = new Array<number>(BINS).fill(0);
  const width = (max - min) / BINS;
  let squares = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    squares += (value - mean) ** 2;
    const bin = width > 0 ? Math.min(BINS - 1, Math.floor((value - min) / width)) : 0;
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  return {
    ...{ min, max, mean, zeros, histogram },
    deviation: Math.sqrt(squares / Math.max(1, finite)),
    nonFinite: values.length - finite,
    first: Array.from(values.subarray(0, FIRST)),
    picture: pictureOf(values, shape, options),
  };
}
