// What a first look at a data set tells: rows, missing values, duplicates, value range, classes. Of the rows as they were
// found, before cleaning; it changes nothing.

import { classCounts, type Dataset, dropDuplicates, imageSize, sharedRows } from "./dataset.ts";
import type { FashionMnist } from "./fashion-mnist.ts";
import type { MissingRow } from "./missing-row.ts";

export type PartLook = {
  /** Those that lack values among them. */
  readonly rows: number;
  /** The label and one for each pixel. */
  readonly columns: number;
  readonly missingValues: number;
  readonly missingRows: number;
  /** Rows equal to an earlier one in label and every pixel. */
  readonly duplicates: number;
  readonly least: number;
  readonly greatest: number;
  readonly classCounts: readonly number[];
};

export type DataLook = {
  readonly train: PartLook;
  readonly test: PartLook;
  /** Rows of test that equal one of train. */
  readonly shared: number;
  readonly classNames: readonly string[];
};

export function lookAtData({ train, test, missing }: FashionMnist): DataLook {
  return {
    train: lookAtPart(train, missing?.train ?? []),
    test: lookAtPart(test, missing?.test ?? []),
    shared: sharedRows(test, train).length,
    classNames: train.classNames,
  };
}

function lookAtPart(dataset: Dataset, missing: readonly MissingRow[]): PartLook {
  let [least, greatest] = [255, 0];
  for (const value of dataset.images) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return {
    rows: dataset.rows + missing.length,
    columns: imageSize(dataset) + 1,
    missingValues: missing.reduce((sum, row) => sum + row.columns.length, 0),
    missingRows: missing.length,
    duplicates: dropDuplicates(dataset).dropped.length,
    least,
    greatest,
    classCounts: classCounts(dataset),
  };
}
