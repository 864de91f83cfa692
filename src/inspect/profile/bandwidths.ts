// What the ceilings of an adapter are, and how they are read. Apart from how they are measured, so that pages need no device.

export type Traffic = "read" | "write" | "copy" | "add";

/** The rate at which a working set of so many bytes was gone over. */
export interface Bandwidth {
  readonly traffic: Traffic;
  readonly bytes: number;
  readonly gbs: number;
}

export interface Ceilings {
  readonly gflops: number;
  readonly bandwidths: readonly Bandwidth[];
  /** Milliseconds of a dispatch that does nothing, among others in one pass. */
  readonly launchMs: number;
}

/**
 * GB/s that a working set of so many bytes can reach: the best of what was measured at its size or beyond, for what is in
 * more use is not faster. Between two sizes the smaller one counts.
 */
export function bandwidthFor({ bandwidths }: Pick<Ceilings, "bandwidths">, bytes: number): number {
  const least = Math.min(...bandwidths.map((one) => one.bytes));
  const floor = Math.max(least, ...bandwidths.map((one) => (one.bytes <= bytes ? one.bytes : 0)));
  return Math.max(0, ...bandwidths.flatMap((one) => (one.bytes >= floor ? [one.gbs] : [])));
}

/** GB/s within the caches, and beyond them. */
export function bandwidthEnds({ bandwidths }: Pick<Ceilings, "bandwidths">): {
  readonly cache: number;
  readonly memory: number;
} {
  const largest = Math.max(...bandwidths.map(({ bytes }) => bytes));
  return {
    cache: bandwidthFor({ bandwidths }, 0),
    memory: bandwidthFor({ bandwidths }, largest),
  };
}
