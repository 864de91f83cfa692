// What is said of samples of a time: the median, and the quartiles, between which half of the samples lie.

export interface Sampled {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
}

/** Zeros where there are no samples. */
export function sampled(samples: readonly number[]): Sampled {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    lower: quantile(sorted, 0.25),
    upper: quantile(sorted, 0.75),
  };
}

/** Of sorted samples, between neighbours in proportion. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const [below = 0, above = below] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (at - Math.floor(at)) * (above - below);
}

/** The distance of the quartiles, as a share of the median. */
export function spreadOf({ median, lower, upper }: Sampled): number {
  return median > 0 ? (upper - lower) / median : 0;
}

/** A spread of one and the same work's samples from which on small differences mean nothing. */
export const BUSY = 0.15;

/** Whether two medians lie further apart than both distances of the quartiles together. */
export function isBeyondSpread(before: Sampled, after: Sampled): boolean {
  const spread = before.upper - before.lower + (after.upper - after.lower);
  return Math.abs(after.median - before.median) > spread;
}
