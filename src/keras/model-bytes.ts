// A whole model of a Keras file as bytes in memory, in and out: what a page reads and writes.

import { zipSync } from "fflate";
import type { ExportedModel, WeightStream } from "../models/architecture/exported-model.ts";
import type { Hdf5Library } from "./hdf5/library.ts";
import { hdf5Bytes } from "./hdf5/open-bytes.ts";
import { modelArchive, type WriteOptions } from "./model-archive.ts";
import { modelOf, type ReadModel, type ReadOptions } from "./model-of-file.ts";
import { ARCHIVE_WEIGHTS } from "./weights/described-file.ts";
import { openWeightBytes } from "./weights/weight-bytes.ts";

export interface KerasBytes {
  /** What messages call the file. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Throws as `readKerasModel` does for a file of the disk. */
export async function readKerasBytes(
  file: KerasBytes,
  library: Hdf5Library,
  options: ReadOptions = {},
): Promise<ReadModel> {
  const opened = await openWeightBytes(file, library);
  try {
    return modelOf(opened, options);
  } finally {
    await opened.close();
  }
}

export interface ModelToWrite extends WriteOptions {
  /** What errors call the file. */
  readonly name: string;
  readonly model: ExportedModel;
  readonly weights: WeightStream;
}

/** A `.keras` file, as `writeKerasArchive` writes it to the disk. */
export function kerasArchiveBytes(
  { name, model, weights, ...options }: ModelToWrite,
  library: Hdf5Library,
): Uint8Array<ArrayBuffer> {
  const { texts, layout, values } = modelArchive(model, weights, options);
  const utf8 = new TextEncoder();
  const entries = {
    ...Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, utf8.encode(text)])),
    [ARCHIVE_WEIGHTS]: hdf5Bytes({ name, layout, weights: values }, library),
  };
  // Not compressed: weights are noise to a compressor, and Keras reads what is stored much faster.
  return zipSync(entries, { level: 0 });
}
