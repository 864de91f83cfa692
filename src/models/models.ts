// The models that can be named on the command line or in a saved run.

import { UsageError } from "../engine/core/errors.ts";
import type { Model } from "../engine/layers/model.ts";
import { BACKBONE_NAMES, BACKBONES, type BackboneName } from "./backbones.ts";
import { type Lenet5Config, lenet5 } from "./lenet5.ts";
import { type TransferConfig, type TransferModel, transferModel } from "./transfer.ts";

/** What is needed to build a model again: its name and its own settings. Saved with every run. */
export type ModelConfig = Lenet5ModelConfig | TransferModelConfig;

export type Lenet5ModelConfig = { readonly name: "lenet5" } & Lenet5Config;
export type TransferModelConfig = { readonly name: BackboneName } & TransferConfig;

export type ModelName = ModelConfig["name"];

export const MODEL_NAMES: readonly ModelName[] = ["lenet5", ...BACKBONE_NAMES];

/** Whether it is an ImageNet network with a head of its own. */
export function isTransfer(config: ModelConfig): config is TransferModelConfig {
  return Object.hasOwn(BACKBONES, config.name);
}

/** Throws UsageError for a name that is none of ours, as a saved run from elsewhere may have. */
export function createModel(config: ModelConfig): Model {
  if (config.name === "lenet5") return lenet5(config);
  if (isTransfer(config)) return createTransferModel(config);
  const { name } = config as { readonly name: string };
  throw new UsageError(`--model: must be one of ${MODEL_NAMES.join(", ")}, got ${name}`);
}

export function createTransferModel(config: TransferModelConfig): TransferModel {
  return transferModel(config.name, BACKBONES[config.name], config);
}
