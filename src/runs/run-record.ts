// What a run records of itself, as a value: the files of its folder are run-folder.ts's.

import * as v from "valibot";
import { FormatError } from "../engine/core/errors.ts";
import { labelsOf } from "../engine/layers/model.ts";
import type { JsonValue } from "../io/files.ts";
import type { NamedTensor } from "../io/safetensors-pieces.ts";
import { jsonRecord, ordinal } from "../io/saved-values.ts";
import { checkModelConfig } from "../models/check-config.ts";
import { createModel, type ModelConfig, predictionOf } from "../models/models.ts";
import type { Logs } from "../train/callbacks/callback.ts";
import type { RunOrigin } from "./run-origin.ts";

/** Raised when the folder's files change meaning; a newer one is refused. */
export const RUN_FORMAT = 1;

export type RunConfig = {
  readonly format: number;
  readonly model: ModelConfig;
  readonly classNames: readonly string[];
  readonly training: Readonly<Record<string, JsonValue>>;
  readonly data: Readonly<Record<string, JsonValue>>;
  readonly adapter: string;
  readonly origin?: RunOrigin;
};

export function runConfig(config: Omit<RunConfig, "format">): RunConfig {
  return { format: RUN_FORMAT, ...config };
}

export interface RunResults {
  readonly config: RunConfig;
  readonly metrics: Readonly<Record<string, JsonValue>>;
  readonly history: readonly Logs[];
  readonly weights: readonly NamedTensor[];
}

export const RUN_SCHEMA = v.looseObject({
  format: ordinal,
  model: jsonRecord,
  classNames: v.array(v.string()),
  training: jsonRecord,
  data: jsonRecord,
  adapter: v.string(),
  origin: v.optional(
    v.variant("kind", [
      v.object({
        kind: v.literal("trial"),
        trial: ordinal,
        tuner: v.string(),
        parent: v.exactOptional(ordinal),
        fold: v.exactOptional(ordinal),
        folds: v.exactOptional(ordinal),
      }),
      v.object({ kind: v.literal("fold"), fold: ordinal, folds: ordinal }),
    ]),
  ),
});

/** Throws FormatError, naming the file, for classes that are not those of the model. */
export function checkedRunConfig(
  { model: found, origin, ...config }: v.InferOutput<typeof RUN_SCHEMA>,
  path: string,
): RunConfig {
  const model = checkModelConfig(found, path);
  const isOfClasses = predictionOf(model) === "classes";
  const classes = isOfClasses ? labelsOf(createModel(model)) : config.classNames.length;
  if (config.classNames.length !== classes) {
    throw new FormatError(
      `${path}: classNames must name the model's ${classes} classes, got ${config.classNames.length}`,
    );
  }
  return { ...config, model, ...(origin ? { origin } : {}) };
}
