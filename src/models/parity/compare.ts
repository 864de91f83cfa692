// How far an array of ours is from the one that Keras computed, as parts of its largest magnitude. Numbers only; what was
// run is elsewhere.

import type { Expected } from "./recorded.ts";
import { seededPlaces } from "./seeded.ts";

/** The largest error that counts as agreement. */
export const PARITY_TOLERANCE = 1e-4;

export interface Difference {
  readonly name: string;
  readonly elements: number;
  /** Largest difference of an element of the sample, over the largest magnitude of the array. */
  readonly error: number;
  /** Root mean square of the sample's differences, over the array's root mean square. */
  readonly rms: number;
  /** Of mean, standard deviation and largest magnitude of the whole array: the largest difference, likewise. */
  readonly whole: number;
  /** `error` of Keras in float32, over the whole array. */
  readonly kerasError: number;
}

export function differenceOf(expected: Expected, actual: Float32Array): Difference {
  const { name, sample, mean, spread, largest, kerasError } = expected;
  const places = seededPlaces(name, sample.length, actual.length);
  const differences = places.map((at, i) => (actual[at] ?? Number.NaN) - (sample[i] ?? Number.NaN));
  const squares = differences.reduce((sum, difference) => sum + difference ** 2, 0);
  const ours = statisticsOf(actual);
  return {
    name,
    elements: actual.length,
    error: largestOf(differences) / largest,
    rms: Math.sqrt(squares / differences.length) / Math.hypot(mean, spread),
    whole: largestOf([ours.mean - mean, ours.spread - spread, ours.largest - largest]) / largest,
    kerasError,
  };
}

export function agrees({ error, whole }: Difference): boolean {
  return error <= PARITY_TOLERANCE && whole <= PARITY_TOLERANCE;
}

/** NaN where one of them is. */
function largestOf(values: readonly number[]): number {
  return Math.max(...values.map(Math.abs));
}

function statisticsOf(values: Float32Array) {
  let sum = 0;
  let squares = 0;
  let largest = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
    largest = Math.max(largest, Math.abs(value));
  }
  const mean = sum / values.length;
  return { mean, spread: Math.sqrt(Math.max(0, squares / values.length - mean ** 2)), largest };
}
