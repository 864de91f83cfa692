// The models that can be named on the command line or in a saved run.

import { UsageError } from "../engine/core/errors.ts";
import type { Model } from "../engine/layers/model.ts";
import { lenet5 } from "./lenet5.ts";

/** What is needed to build a model again; saved with every run. */
export interface ModelConfig {
  readonly name: string;
  readonly activation: "relu" | "tanh";
  readonly pooling: "max" | "average";
  readonly classes: number;
}

const BUILDERS: Readonly<Record<string, (config: ModelConfig) => Model>> = {
  lenet5: (config) => lenet5(config),
};

export const MODEL_NAMES: readonly string[] = Object.keys(BUILDERS);

/** Throws UsageError for a name that is none of ours. */
export function createModel(config: ModelConfig): Model {
  const build = BUILDERS[config.name];
  if (!build) {
    throw new UsageError(`--model: must be one of ${MODEL_NAMES.join(", ")}, got ${config.name}`);
  }
  return build(config);
}
