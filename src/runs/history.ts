// The history of a training run as a table: one row an epoch, in the manner of Keras's CSVLogger. It neither computes
// the numbers nor draws them.

import type { Logs } from "../train/callbacks/callback.ts";

/** One finished epoch. `epoch` counts from 0, as Keras's CSVLogger does; people are shown `epoch + 1`. */
export interface EpochRow {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly valLoss?: number | undefined;
  readonly valAccuracy?: number | undefined;
  readonly learningRate: number;
  /** Of mixed precision: after the epoch, and the steps left out so far. */
  readonly lossScale?: number | undefined;
  readonly skippedSteps?: number | undefined;
}

const COLUMNS: readonly (readonly [string, (row: EpochRow) => number | undefined])[] = [
  ["epoch", (row) => row.epoch],
  ["loss", (row) => row.loss],
  ["accuracy", (row) => row.accuracy],
  ["val_loss", (row) => row.valLoss],
  ["val_accuracy", (row) => row.valAccuracy],
  ["lr", (row) => row.learningRate],
  ["loss_scale", (row) => row.lossScale],
  ["skipped_steps", (row) => row.skippedSteps],
];

/** Columns that are there when any epoch has them. */
const OPTIONAL = /^(val_|loss_scale$|skipped_steps$)/;

/**
 * `epoch,loss,accuracy,val_loss,val_accuracy,lr`; the val_ columns are there when any epoch was validated, and in mixed precision
 * loss_scale and skipped_steps follow.
 */
export function historyCsv(rows: readonly EpochRow[]): string {
  const columns = COLUMNS.filter(
    ([name, read]) => !OPTIONAL.test(name) || rows.some((row) => read(row) !== undefined),
  );
  const header = columns.map(([name]) => name).join(",");
  const lines = rows.map((row) => columns.map(([, read]) => csvNumber(read(row))).join(","));
  return `${[header, ...lines].join("\n")}\n`;
}

/** "NA" for an epoch without validation is what CSVLogger writes; "nan" and "inf" are how Python spells them. */
function csvNumber(value: number | undefined): string {
  if (value === undefined) return "NA";
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return String(value);
}

export function historyRow(logs: Logs, epoch: number): EpochRow {
  const { loss = Number.NaN, accuracy = Number.NaN, lr = Number.NaN } = logs;
  const lossScale = logs["loss_scale"];
  const skippedSteps = lossScale === undefined ? undefined : (logs["skipped_steps"] ?? 0);
  return {
    // Those of a trial that goes on from another say which epoch they are, from 1.
    epoch: logs["epoch"] === undefined ? epoch : logs["epoch"] - 1,
    loss,
    accuracy,
    valLoss: logs["val_loss"],
    valAccuracy: logs["val_accuracy"],
    learningRate: lr,
    ...{ lossScale, skippedSteps },
  };
}
