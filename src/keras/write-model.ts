// Saves a whole model, architecture and weights, for Keras's `load_model`: the `.keras` archive of Keras 3, and the
// `.h5` that Keras 2 wrote and both read. Not compiled: there is no optimiser and no loss in the file.

import { createWriteStream } from "node:fs";
import { unlink } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import yazl from "yazl";
import { writeThroughTemporary } from "../io/files.ts";
import { keras2Config } from "./config/keras2.ts";
import { keras3Config } from "./config/keras3.ts";
import type { ExportedModel, WeightStream } from "./exported-model.ts";
import { writeHdf5 } from "./hdf5/writer.ts";
import {
  KERAS2_BACKEND,
  KERAS2_VERSION,
  keras2Layout,
  keras3Layout,
} from "./weights/weight-layouts.ts";

/** What metadata.json says that wrote the file: the Keras whose files these are checked against. */
const KERAS3_VERSION = "3.15.1";

/** Keras 2's whole model in HDF5. */
export function writeKeras2Model(
  path: string,
  model: ExportedModel,
  weights: WeightStream,
): Promise<void> {
  const inner = keras2Layout(model, "/model_weights");
  const attributes = {
    keras_version: { kind: "utf8", value: KERAS2_VERSION },
    backend: { kind: "utf8", value: KERAS2_BACKEND },
    model_config: { kind: "ascii", value: asciiJson(keras2Config(model)) },
  } as const;
  const layout = { ...inner, groups: [{ path: "/", attributes }, ...inner.groups] };
  return writeThroughTemporary(path, (temporary) =>
    writeHdf5({ path: temporary, name: path, layout, weights }),
  );
}

/** Keras 3's archive: metadata.json, config.json and model.weights.h5, stored in a zip as they are. */
export function writeKerasArchive(
  path: string,
  model: ExportedModel,
  weights: WeightStream,
): Promise<void> {
  const config = asciiJson(keras3Config(model));
  const metadata = asciiJson({ keras_version: KERAS3_VERSION, date_saved: dateSaved(new Date()) });
  return writeThroughTemporary(path, async (temporary) => {
    // libhdf5 goes back and forth in its file, so it cannot write into the archive itself.
    const inner = `${temporary}.h5`;
    try {
      await writeHdf5({ path: inner, name: path, layout: keras3Layout(model), weights });
      const texts = { "metadata.json": metadata, "config.json": config };
      await writeZip(temporary, texts, { "model.weights.h5": inner });
    } finally {
      await unlink(inner).catch(() => undefined);
    }
  });
}

/** JSON of ASCII alone, as Python writes it: whatever reads the attribute need not know its encoding. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `2026-08-01@14:03:22`, local time, as Keras has it. */
function dateSaved(date: Date): string {
  const local = new Date(date.getTime() - 60_000 * date.getTimezoneOffset());
  return local.toISOString().slice(0, 19).replace("T", "@");
}

/** Nothing is compressed: weights are noise to a compressor, and Keras reads what is stored much faster. */
function writeZip(
  path: string,
  texts: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const zip = new yazl.ZipFile();
  for (const [name, text] of Object.entries(texts)) {
    zip.addBuffer(Buffer.from(text), name, { compress: false });
  }
  for (const [name, file] of Object.entries(files)) zip.addFile(file, name, { compress: false });
  zip.end();
  return new Promise((resolve, reject) => {
    // A file that cannot be read is told here, and the stream never ends.
    zip.on("error", reject);
    pipeline(zip.outputStream, createWriteStream(path, { flags: "wx" })).then(resolve, reject);
  });
}
