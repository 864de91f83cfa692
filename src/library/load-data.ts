// Data sets as the commands read them, for programs of one's own.

import { join } from "node:path";
import { type CleanOptions, cleanData } from "../data/clean.ts";
import type { Dataset } from "../data/dataset.ts";
import { loadFashionMnist } from "../data/fashion-mnist.ts";
import { CACHE } from "../setup/files.mjs";
import { type TensorData, tensorData } from "./tensor-data.ts";

/** Which data set, where its files are kept, and how its rows are cleaned. */
export interface LoadDataOptions extends CleanOptions {
  /** A folder or a file, as `--data` takes it; default Fashion-MNIST, which is fetched once. */
  readonly data?: string;
  /** Gets a line where something is fetched; default nothing. */
  readonly say?: (line: string) => void;
}

/** Training and test rows with the names of their classes. */
export interface LoadedData {
  /** Where the rows are from, in words. */
  readonly source: string;
  readonly train: TensorData;
  readonly test: TensorData;
  readonly classNames: readonly string[];
}

/** Rows as bytes; rows that equal an earlier one are dropped, unless they are to be kept. Throws as the commands say. */
export async function loadData(options: LoadDataOptions = {}): Promise<LoadedData> {
  const { data, say = () => undefined, ...clean } = options;
  const cacheDir = join(CACHE, "fashion-mnist");
  const found = await loadFashionMnist({ data, cacheDir, say, progress: () => undefined });
  const { train, test, source } = cleanData(found, clean);
  return { source, train: asTensors(train), test: asTensors(test), classNames: train.classNames };
}

function asTensors({ images, labels, height, width, channels, name }: Dataset): TensorData {
  return tensorData({ x: images, y: labels, shape: [height, width, channels], name });
}
