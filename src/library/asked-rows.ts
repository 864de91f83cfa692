// The rows that a function of the library is given, and whether they and what is asked of them suit the model.

import { UsageError } from "../engine/core/errors.ts";
import { sizeOf } from "../engine/core/shape.ts";
import { describeModel, labelsOf, type Model } from "../engine/layers/model.ts";
import { rowsOf, type TensorData, type TensorRows } from "./tensor-data.ts";

/** Data stands for all of its rows. */
export function rowsIn(asked: TensorData | TensorRows): TensorRows {
  return "data" in asked ? asked : rowsOf(asked);
}

/** Throws UsageError for rows, labels and targets that are not the model's; `where` is the function that was given them. */
export function checkRows(where: string, model: Model, asked: TensorData | TensorRows): void {
  const { name, x, y, shape, targets } = rowsIn(asked).data;
  const classes = targets ? 1 : labelsOf(model);
  const highest = y.reduce((most, label) => Math.max(most, label), 0);
  if (highest >= classes) {
    throw new UsageError(
      `${where}: labels of ${name} must be below the ${classes} classes of ${model.name}, got ${highest}`,
    );
  }
  const { outputShape } = describeModel(model);
  const target = targets === "input" ? model.inputShape : (targets?.shape ?? outputShape);
  if (sizeOf(target) !== sizeOf(outputShape)) {
    throw new UsageError(
      `${where}: targets of ${name} must be of the model's output (${outputShape}), got (${target})`,
    );
  }
  if (x instanceof Float32Array && sizeOf(shape) !== sizeOf(model.inputShape)) {
    throw new UsageError(
      `${where}: rows of ${name} must be of the model's input (${model.inputShape}), got (${shape})`,
    );
  }
}

/** Throws UsageError for a batch or a number of epochs that is none. */
export function checkOptions(
  where: string,
  train: TensorRows,
  { batchSize, epochs }: { readonly batchSize: number; readonly epochs: number },
): void {
  checkBatch(where, train, batchSize);
  if (!Number.isInteger(epochs) || epochs < 1) {
    throw new UsageError(`${where}: epochs must be a whole number from 1, got ${epochs}`);
  }
}

/** Throws UsageError for what is no whole number of rows, or of more than there are. */
export function checkBatch(where: string, { rows }: TensorRows, batchSize: number): void {
  if (Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= rows.length) return;
  throw new UsageError(
    `${where}: batchSize must be from 1 to the ${rows.length} rows, got ${batchSize}`,
  );
}
