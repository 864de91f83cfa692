// Saves a whole model, architecture and weights, for Keras's `load_model`: the `.keras` archive of Keras 3 or 2, and the
// `.h5` that Keras 2 wrote and both read. Compiled, where settings are given, and with what the optimiser came to.

import { createWriteStream } from "node:fs";
import { unlink } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import yazl from "yazl";
import { VitrineError } from "../engine/core/errors.ts";
import { writeThroughTemporary } from "../io/files.ts";
import type { ExportedModel, WeightStream } from "../models/architecture/exported-model.ts";
import { keras2ArchiveConfig, keras2Config } from "../models/architecture/keras2.ts";
import { keras3Config } from "../models/architecture/keras3.ts";
import type { CompiledForExport } from "./compiled/compiled.ts";
import { type Generation, optimizerEntries } from "./compiled/optimizer-entries.ts";
import {
  archiveOptimizerLayout,
  keras2OptimizerLayout,
  withEntries,
} from "./compiled/optimizer-layouts.ts";
import { compileConfig, trainingConfig } from "./compiled/write-compiled.ts";
import { writeHdf5 } from "./hdf5/writer.ts";
import {
  KERAS2_BACKEND,
  KERAS2_VERSION,
  keras2ArchiveLayout,
  keras2Layout,
  keras3Layout,
} from "./weights/weight-layouts.ts";

/** What metadata.json says that wrote the file: the Keras whose files these are checked against. */
const KERAS3_VERSION = "3.15.1";

export interface WriteOptions {
  /** Default: the file is of a model that is not compiled. */
  readonly compiled?: CompiledForExport | null | undefined;
  /** Which Keras is to open it: 2 stands for 2.12 to 2.15, or for an `.h5` from 2.11; default 3, or for an `.h5` both. */
  readonly generation?: Generation | undefined;
}

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
  { compiled, generation = 3 }: WriteOptions = {},
): Promise<void> {
  const { config, layout, version } = GENERATIONS[generation](model);
  const entries = compiled ? optimizerEntries(model, compiled, generation) : [];
  const optimizer = archiveOptimizerLayout(entries);
  const whole = compiled
    ? { ...config, compile_config: compileConfig(compiled, generation) }
    : config;
  const texts = {
    "metadata.json": asciiJson({ keras_version: version, date_saved: dateSaved(new Date()) }),
    "config.json": asciiJson(whole),
  };
  const all = {
    ...layout,
    groups: [...layout.groups, ...optimizer.groups],
    variables: new Map([...layout.variables, ...optimizer.variables]),
  };
  return writeThroughTemporary(path, async (temporary) => {
    // libhdf5 goes back and forth in its file, so it cannot write into the archive itself.
    const inner = `${temporary}.h5`;
    try {
      const values = withEntries(weights, entries);
      await writeHdf5({ path: inner, name: path, layout: all, weights: values });
      await writeZip(temporary, texts, { "model.weights.h5": inner });
    } finally {
      await unlink(inner).catch(() => undefined);
    }
  });
}

const GENERATIONS = {
  2: (model: ExportedModel) => ({
    config: keras2ArchiveConfig(model),
    layout: keras2ArchiveLayout(model),
    version: KERAS2_VERSION,
  }),
  3: (model: ExportedModel) => {
    refuseSlashes(model);
    return {
      config: keras3Config(model),
      layout: keras3Layout(model),
      version: KERAS3_VERSION,
    };
  },
} as const;

/** TensorFlow made such names; Keras 3 refuses to make a layer of one. */
function refuseSlashes({ layers }: ExportedModel): void {
  const found = layers.find(({ name }) => name.includes("/"));
  if (!found) return;
  throw new VitrineError(`layer ${found.name}: must have a name without / for Keras 3`, {
    help: "--keras 2 writes it for TF-Keras, whose names may have one",
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
    pipeline(zip.outputStream, createWriteStream(path)).then(resolve, reject);
  });
}
