// A program's rows as the data sets that pages are made from: images of bytes, with a class each.

import type { Dataset } from "../data/dataset.ts";
import { UsageError } from "../engine/core/errors.ts";
import type { TensorData } from "./tensor-data.ts";

/** Throws UsageError, naming `where`, for other rows. */
export function datasetOf(
  where: string,
  { name, x, y, shape, rows, targets }: TensorData,
  classNames: readonly string[],
): Dataset {
  const [height = 0, width = 0, channels = 1] = shape;
  if (!(x instanceof Uint8Array) || targets !== undefined) {
    const got = targets === undefined ? "float32" : "targets";
    throw new UsageError(`${where}: test must have rows of bytes with a class, got ${got}`);
  }
  return { ...{ name, images: x, labels: y, rows, classNames }, ...{ height, width, channels } };
}
