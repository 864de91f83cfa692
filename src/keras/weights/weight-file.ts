// A file of Keras weights on the disk, of any format that Keras has written: recognised, opened and described.

import { closeSync, openSync, readSync } from "node:fs";
import { type OpenOptions, openHdf5 } from "../hdf5/open-path.ts";
import { describeWeightFile } from "./described-file.ts";
import { refuseForeign } from "./foreign-files.ts";
import { openArchive } from "./keras-archive.ts";
import type { WeightFile } from "./saved-weights.ts";

/**
 * Opens and describes a file. Reads its structure, not its data.
 * @throws FormatError, and what the file system throws
 */
export async function openWeightFile(
  path: string,
  options: Pick<OpenOptions, "thread"> = {},
): Promise<WeightFile> {
  refuseForeign(path);
  if (isZip(path)) return openArchive(path, options);
  const file = await openHdf5(path, options);
  try {
    return describeWeightFile(path, file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What `read` makes of the file, which is closed then. Throws as `openWeightFile` does. */
export async function withWeightFile<T>(
  path: string,
  read: (file: WeightFile) => T | Promise<T>,
): Promise<T> {
  const file = await openWeightFile(path);
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

function isZip(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(4);
    readSync(file, head, 0, head.length, 0);
    return head.toString("latin1") === "PK\x03\x04";
  } catch {
    // A folder: told as such when it is opened as HDF5.
    return false;
  } finally {
    closeSync(file);
  }
}
