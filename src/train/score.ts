// What weights are worth on some rows, as it is shown and saved.

import type { MetricValues } from "../engine/ops/metrics.ts";

export type Score = {
  /** Mean over the rows. */
  readonly loss: number;
  readonly accuracy: number;
  readonly rows: number;
};

/** Leaves out what an evaluation knows beyond the figures. */
export function scoreOf({ loss, accuracy, rows }: MetricValues): Score {
  return { loss, accuracy, rows };
}
