// Predictions that a script in another language can make, too: a linear congruential generator, 200 rows, four of five classes.

import { type Predictions, predictionsOf } from "../../../src/train/metrics/predictions.ts";

/** Numerical Recipes' constants, in [0, 1). */
function* generator(seed: number): Generator<number, never> {
  let state = BigInt(seed);
  while (true) {
    state = (1664525n * state + 1013904223n) % 2n ** 32n;
    yield Number(state) / 2 ** 32;
  }
}

/**
 * label = ⌊4 u⌋; z = 5 values u, z[label] += 0.7 u, z[4] = 0; p = z³ / Σ z³ as float32. Class 4 is neither a label nor ever
 * predicted.
 */
export function samplePredictions(): Predictions {
  const random = generator(7);
  const next = (): number => random.next().value;
  const labels: number[] = [];
  const probabilities = Array.from({ length: 200 }, () => {
    const label = Math.floor(next() * 4);
    labels.push(label);
    const z = Array.from({ length: 5 }, next);
    z[label] = (z[label] ?? 0) + 0.7 * next();
    z[4] = 0;
    const total = z.reduce((sum, value) => sum + value ** 3, 0);
    return Float32Array.from(z, (value) => value ** 3 / total);
  });
  return predictionsOf(labels, probabilities);
}

/** The same with the rows' probabilities in reverse, as another network on the same rows. */
export function reversedPredictions(): Predictions {
  const { labels, probabilities } = samplePredictions();
  return predictionsOf(labels, [...probabilities].reverse());
}
