// A file of Keras weights, of any format that Keras has written: recognised, and described in one way. Data are read weight
// by weight, when asked for. Which variable of a model a weight belongs to is assign-weights.ts's business.

import { closeSync, openSync, readSync } from "node:fs";
import { parseConfig } from "../../models/architecture/model-config.ts";
import { Hdf5File, type OpenOptions } from "../hdf5/file.ts";
import { refuseForeign } from "./foreign-files.ts";
import { openArchive } from "./keras-archive.ts";
import { describeKeras3 } from "./keras3-weights.ts";
import { describeLegacy, LEGACY_ROOTS } from "./legacy-weights.ts";
import { legacyCompilation } from "./saved-compilation.ts";
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
  const file = await Hdf5File.open(path, options);
  try {
    return describe(path, file);
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

function describe(path: string, file: Hdf5File): WeightFile {
  const close = () => file.close();
  for (const { root, format } of LEGACY_ROOTS) {
    const legacy = describeLegacy(file, root);
    if (!legacy) continue;
    const text = file.text("/", "model_config");
    const modelConfig = text === undefined ? null : parseConfig(text, `${file.name}: model_config`);
    const compilation = () => modelConfig && legacyCompilation(file);
    return { path, format, ...legacy, modelConfig, compilation, close };
  }
  const layers = describeKeras3(file);
  if (layers.length > 0) {
    const none = { kerasVersion: null, modelConfig: null, compilation: () => null };
    return { path, format: "keras3-weights", ...none, layers, close };
  }
  const found = file.children("/").slice(0, 5).join(", ");
  throw file.error("", `must hold Keras weights, got ${found === "" ? "nothing" : found}`);
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
