// What a run records of the images that it learnt: the data set's name and the shape of one image. Whoever uses the model
// later shows it images of that shape.

import { backgroundOf } from "../data/background.ts";
import type { CleanData } from "../data/clean.ts";
import { type TrainAndTest, titleOf } from "../data/official-files.ts";
import type { RunConfig } from "./run-record.ts";

export type ImagesRecord = {
  /** For people: `Fashion-MNIST`. */
  readonly name: string;
  /** Rows, columns and channels of an image. */
  readonly shape: readonly [number, number, number];
};

export function imagesRecord(data: TrainAndTest): ImagesRecord {
  const { height, width, channels } = data.train;
  return { name: titleOf(data), shape: [height, width, channels] };
}

/** All that a run records of its data, but for how many rows. */
export type DataRecord = ImagesRecord & {
  /** Where the rows are from, in words. */
  readonly source: string;
  /** Of the pictures, so that those of other people are brought to the same. */
  readonly background: "dark" | "light";
  /** Only where repeated rows were kept. */
  readonly keepDuplicates?: true;
};

export function dataRecord(data: CleanData): DataRecord {
  const { source, train, keepsDuplicates } = data;
  return {
    ...imagesRecord(data),
    ...{ source, background: backgroundOf(train) },
    ...(keepsDuplicates ? { keepDuplicates: true } : {}),
  };
}

/** Runs that do not say it are of a time when there was only Fashion-MNIST. */
const OLDER: ImagesRecord = { name: "Fashion-MNIST", shape: [28, 28, 1] };

export function imagesOf({ data }: Pick<RunConfig, "data">): ImagesRecord {
  const { name, shape } = data;
  if (!Array.isArray(shape) || shape.length !== 3) return OLDER;
  const [height, width, channels] = shape.map(Number);
  if (![height, width, channels].every((size) => Number.isSafeInteger(size) && Number(size) > 0)) {
    return OLDER;
  }
  return {
    name: typeof name === "string" ? name : OLDER.name,
    shape: [height ?? 0, width ?? 0, channels ?? 0],
  };
}
