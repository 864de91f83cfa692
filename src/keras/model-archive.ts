// What a `.keras` file of Keras 3 or TF-Keras holds, wherever it is written: metadata.json, config.json and a plan of model.weights.h5.

import type { ExportedModel, WeightStream } from "../models/architecture/exported-model.ts";
import { keras2ArchiveConfig } from "../models/architecture/keras2.ts";
import { keras3Config } from "../models/architecture/keras3.ts";
import type { CompiledForExport } from "./compiled/compiled.ts";
import { type Generation, optimizerEntries } from "./compiled/optimizer-entries.ts";
import { archiveOptimizerLayout, withEntries } from "./compiled/optimizer-layouts.ts";
import { compileConfig } from "./compiled/write-compiled.ts";
import type { Hdf5Layout, ValueStream } from "./hdf5/layout.ts";
import { refuseNames } from "./refuse-names.ts";
import { KERAS2_VERSION, keras2ArchiveLayout, keras3Layout } from "./weights/weight-layouts.ts";

/** What metadata.json says that wrote the file: the Keras whose files these are checked against. */
const KERAS3_VERSION = "3.15.1";

export interface WriteOptions {
  /** Default: the file is of a model that is not compiled. */
  readonly compiled?: CompiledForExport | null | undefined;
  /** Which Keras is to open it: 2 stands for 2.12 to 2.15, or for an `.h5` from 2.11; default 3, or for an `.h5` both. */
  readonly generation?: Generation | undefined;
}

export interface ModelArchive {
  /** Entries by name. */
  readonly texts: Readonly<Record<string, string>>;
  /** Of the entry that `ARCHIVE_WEIGHTS` names. */
  readonly layout: Hdf5Layout;
  /** What fills it; once. */
  readonly values: ValueStream;
}

/** Throws VitrineError for a model that such a Keras could not make. */
export function modelArchive(
  model: ExportedModel,
  weights: WeightStream,
  { compiled, generation = 3 }: WriteOptions = {},
): ModelArchive {
  refuseNames(model, generation);
  const { config, layout, version } = GENERATIONS[generation](model);
  const entries = compiled ? optimizerEntries(model, compiled, generation) : [];
  const optimizer = archiveOptimizerLayout(entries);
  const whole = compiled
    ? { ...config, compile_config: compileConfig(compiled, generation) }
    : config;
  return {
    texts: {
      "metadata.json": asciiJson({ keras_version: version, date_saved: dateSaved(new Date()) }),
      "config.json": asciiJson(whole),
    },
    layout: {
      ...layout,
      groups: [...layout.groups, ...optimizer.groups],
      variables: new Map([...layout.variables, ...optimizer.variables]),
    },
    values: withEntries(weights, entries),
  };
}

const GENERATIONS = {
  2: (model: ExportedModel) => ({
    config: keras2ArchiveConfig(model),
    layout: keras2ArchiveLayout(model),
    version: KERAS2_VERSION,
  }),
  3: (model: ExportedModel) => ({
    config: keras3Config(model),
    layout: keras3Layout(model),
    version: KERAS3_VERSION,
  }),
} as const;

/** JSON of ASCII alone, as Python writes it: whatever reads the attribute need not know its encoding. */
export function asciiJson(value: unknown): string {
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
