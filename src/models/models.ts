// The table of models that can be named on the command line or in a saved run. A new one is a file with its row, and the
// row's name here.

import { UsageError } from "../engine/core/errors.ts";
import type { Model } from "../engine/layers/model.ts";
import { BACKBONE_NAMES, BACKBONES, type BackboneName } from "./backbones.ts";
import { LENET5 } from "./lenet5.ts";
import type { ModelKind } from "./model-kind.ts";
import { endsInSigmoid, OWN, type OwnConfig, type Prediction } from "./own-model.ts";
import type { Setting } from "./setting.ts";
import { type TransferConfig, type TransferModel, transferKind } from "./transfer.ts";

const TRANSFER_KINDS = BACKBONE_NAMES.map((name) => transferKind(name, BACKBONES[name]));

const KINDS = [LENET5, ...TRANSFER_KINDS] as const;

type ConfigOf<Kind> =
  Kind extends ModelKind<infer Name, infer Config> ? { readonly name: Name } & Config : never;

/** A network that is none of ours, whatever its name. */
export type OwnModelConfig = { readonly name: string } & OwnConfig;
type BuiltInConfig = ConfigOf<(typeof KINDS)[number]>;
/** What is needed to build a model again: its name and its own settings. Saved with every run. */
export type ModelConfig = BuiltInConfig | OwnModelConfig;
export type TransferModelConfig = { readonly name: BackboneName } & TransferConfig;
export type ModelName = BuiltInConfig["name"];

/** A row, whichever: it takes the configurations that it made. */
export type AnyKind = ModelKind<string, object>;

export const MODEL_KINDS: readonly AnyKind[] = KINDS;
export const MODEL_NAMES: readonly ModelName[] = KINDS.map(({ name }) => name);
/** Those that can be named, and that of networks in files. */
export const ALL_KINDS: readonly AnyKind[] = [...KINDS, OWN];
export const DEFAULT_MODEL: ModelName = LENET5.name;

const BY_NAME = new Map<string, AnyKind>(MODEL_KINDS.map((kind) => [kind.name, kind]));

/** Throws UsageError for a name that is none of ours, as a saved run from elsewhere may have. */
export function kindOf(name: string): AnyKind {
  const kind = BY_NAME.get(name);
  if (kind) return kind;
  throw new UsageError(`model: must be one of ${MODEL_NAMES.join(", ")}, got ${name}`, {
    argument: "model",
  });
}

/** The row that a configuration is of. */
export function kindOfConfig(config: ModelConfig): AnyKind {
  return isOwn(config) ? OWN : kindOf(config.name);
}

/** Whether it is a network of a file, and none of ours. */
export function isOwn(config: ModelConfig): config is OwnModelConfig {
  return "architecture" in config;
}

export function settingsOf({ settings }: AnyKind): readonly (readonly [string, Setting])[] {
  return Object.entries(settings as Readonly<Record<string, Setting>>);
}

/** Whether it is an ImageNet network with a head of its own. */
export function isTransfer(config: ModelConfig): config is TransferModelConfig {
  return kindOfConfig(config).backbone !== null;
}

/** sha256 of the file that its first weights are from; null where they are random. */
export function pretrainedOf(config: ModelConfig): string | null {
  return (isTransfer(config) || isOwn(config) ? config.pretrained : null) ?? null;
}

/** What the model gives: whoever shows or scores it goes by that. */
export function predictionOf(config: ModelConfig): Prediction {
  return isOwn(config) && config.head === undefined ? (config.predicts ?? "classes") : "classes";
}

/**
 * The loss that a model's end asks for, where nobody says: of pictures the mean squared error, of a sigmoid binary cross-entropy, else
 * the default.
 */
export function modelLoss(config: ModelConfig): { readonly loss?: "binary_crossentropy" | "mse" } {
  if (predictionOf(config) === "picture") return { loss: "mse" };
  return isOwn(config) && endsInSigmoid(OWN.create(config)) ? { loss: "binary_crossentropy" } : {};
}

/** The same object for equal configurations. */
export function createModel(config: ModelConfig): Model {
  if (isOwn(config)) return OWN.create(config);
  const { name, ...settings } = config;
  return kindOf(name).create(settings);
}

export function createTransferModel({ name, ...config }: TransferModelConfig): TransferModel {
  const kind = TRANSFER_KINDS.find((row) => row.name === name);
  if (kind) return kind.create(config);
  throw new UsageError(`model: must be one of ${BACKBONE_NAMES.join(", ")}, got ${name}`, {
    argument: "model",
  });
}
