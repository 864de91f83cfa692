// What weights are worth on some rows, as it is shown and saved.

import type { MetricValues } from "../engine/ops/metrics.ts";
import type { Logs } from "./callbacks/callback.ts";

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

/** What an epoch's logs have of a pass: accuracy is of classes, mae of numbers. */
export function figuresOf({ loss, accuracy, mae }: MetricValues): Logs {
  return mae === undefined ? { loss, accuracy } : { loss, mae };
}
