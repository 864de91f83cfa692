// The models that can be named on the command line or in a saved run.

import { UsageError } from "../engine/core/errors.ts";
import type { Model } from "../engine/layers/model.ts";
import { type Lenet5Config, lenet5 } from "./lenet5.ts";

/** What is needed to build a model again: its name and its own settings. Saved with every run. */
export type ModelConfig = { readonly name: "lenet5" } & Lenet5Config;

export type ModelName = ModelConfig["name"];

const BUILDERS: { readonly [N in ModelName]: (config: ModelConfig & { name: N }) => Model } = {
  lenet5,
};

export const MODEL_NAMES = Object.keys(BUILDERS) as readonly ModelName[];

/** Throws UsageError for a name that is none of ours, as a saved run from elsewhere may have. */
export function createModel(config: ModelConfig): Model {
  const build = BUILDERS[config.name];
  if (!build) {
    throw new UsageError(`--model: must be one of ${MODEL_NAMES.join(", ")}, got ${config.name}`);
  }
  return build(config);
}
