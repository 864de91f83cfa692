// Saves a whole model, architecture and weights, for Keras's `load_model`: the `.keras` archive of Keras 3 or 2, and the
// `.h5` that Keras 2 wrote and both read. Compiled, where settings are given, and with what the optimiser came to.

import { createWriteStream } from "node:fs";
import { unlink } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { writeThroughTemporary } from "../io/files.ts";
import type { ExportedModel, WeightStream } from "../models/architecture/exported-model.ts";
import { keras2Config } from "../models/architecture/keras2.ts";
import { optimizerEntries } from "./compiled/optimizer-entries.ts";
import { keras2OptimizerLayout, withEntries } from "./compiled/optimizer-layouts.ts";
import { trainingConfig } from "./compiled/write-compiled.ts";
import { writeHdf5 } from "./hdf5/writer.ts";
import { asciiJson, modelArchive, type WriteOptions } from "./model-archive.ts";
import { refuseNames } from "./refuse-names.ts";
import { ARCHIVE_WEIGHTS } from "./weights/described-file.ts";
import { KERAS2_BACKEND, KERAS2_VERSION, keras2Layout } from "./weights/weight-layouts.ts";

export type { WriteOptions } from "./model-archive.ts";

/**
 * Keras 2's whole model in HDF5. What the optimiser came to is written for Keras 2 alone: Keras 3 (3.12) builds the optimiser
 * of such a file for no variables, also of its own, and then `fit` fails.
 */
export function writeKeras2Model(
  path: string,
  model: ExportedModel,
  weights: WeightStream,
  { compiled, generation }: WriteOptions = {},
): Promise<void> {
  if (generation === 2) refuseNames(model, 2);
  const inner = keras2Layout(model, "/model_weights");
  const training = compiled && trainingConfig(compiled, generation === 2 ? 2 : "both");
  const entries = compiled && generation === 2 ? optimizerEntries(model, compiled, 2) : [];
  const optimizer = keras2OptimizerLayout(entries);
  const attributes = {
    keras_version: { kind: "utf8", value: KERAS2_VERSION },
    backend: { kind: "utf8", value: KERAS2_BACKEND },
    model_config: { kind: "ascii", value: asciiJson(keras2Config(model)) },
    ...(training && {
      training_config: { kind: "ascii", value: asciiJson(training) } as const,
    }),
  } as const;
  const layout = {
    groups: [{ path: "/", attributes }, ...inner.groups, ...optimizer.groups],
    variables: new Map([...inner.variables, ...optimizer.variables]),
  };
  return writeThroughTemporary(path, (temporary) =>
    writeHdf5({ path: temporary, name: path, layout, weights: withEntries(weights, entries) }),
  );
}

/** The archive of Keras 3, or TF-Keras: metadata.json, config.json and model.weights.h5, stored in a zip as they are. */
export async function writeKerasArchive(
  path: string,
  model: ExportedModel,
  weights: WeightStream,
  options: WriteOptions = {},
): Promise<void> {
  const { texts, layout, values } = modelArchive(model, weights, options);
  return writeThroughTemporary(path, async (temporary) => {
    // libhdf5 goes back and forth in its file, so it cannot write into the archive itself.
    const inner = `${temporary}.h5`;
    try {
      await writeHdf5({ path: inner, name: path, layout, weights: values });
      await writeZip(temporary, texts, { [ARCHIVE_WEIGHTS]: inner });
    } finally {
      await unlink(inner).catch(() => undefined);
    }
  });
}

/** Nothing is compressed: weights are noise to a compressor, and Keras reads what is stored much faster. */
async function writeZip(
  path: string,
  texts: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const { default: yazl } = await import("yazl");
  const zip = new yazl.ZipFile();
  for (const [name, text] of Object.entries(texts)) {
    zip.addBuffer(Buffer.from(text), name, { compress: false });
  }
  for (const [name, file] of Object.entries(files)) zip.addFile(file, name, { compress: false });
  zip.end();
  return new Promise((resolve, reject) => {
    // A file that cannot be read is told here, and the stream never ends.
    zip.on("error", reject);
    pipeline(zip.outputStream, createWriteStream(path)).then(resolve, reject);
  });
}
