// The flags that say which model, and the configuration that follows from them. Flags of one kind of model are refused with
// the other, so that none is without effect.

import { UsageError } from "../../engine/core/errors.ts";
import { BACKBONES } from "../../models/backbones.ts";
import {
  MODEL_NAMES,
  type ModelConfig,
  type ModelName,
  type TransferModelConfig,
} from "../../models/models.ts";
import { kebabCase } from "../frame/flags.ts";

const LENET5_FLAGS = {
  activation: {
    type: "choice",
    choices: ["relu", "tanh"],
    help: "lenet5: of the hidden layers; default relu",
  },
  pooling: {
    type: "choice",
    choices: ["max", "average"],
    help: "lenet5: of the pooling layers; default max",
  },
} as const;

/** Of what stays the same while a head is searched for. */
export const BASE_FLAGS = {
  weights: {
    type: "string",
    value: "file",
    help: "vgg, resnet: a Keras .h5 or .keras file, imagenet (the default: Keras's own file, fetched once), or none for random ones",
  },
  "input-size": {
    type: "integer",
    min: 32,
    max: 4096,
    help: "vgg, resnet: rows and columns that images are resized to; default 32",
  },
  preprocess: {
    type: "choice",
    choices: ["imagenet", "unit"],
    help: "vgg, resnet: imagenet is Keras's preprocess_input of the network, the default; unit divides by 255",
  },
  head: {
    type: "choice",
    choices: ["flatten", "average"],
    help: "vgg, resnet: how the feature map becomes a vector; default flatten",
  },
  freeze: {
    type: "string",
    value: "what",
    help: "vgg, resnet: base (the default with weights), its first N blocks, or none",
  },
} as const;

const HEAD_FLAGS = {
  "head-units": {
    type: "integer",
    min: 0,
    max: 65_536,
    help: "vgg, resnet: units of the head's hidden layer, 0 for none; default 256",
  },
  "head-dropout": {
    type: "number",
    min: 0,
    below: 1,
    help: "vgg, resnet: share of the hidden layer dropped while training; default 0.5",
  },
} as const;

export const MODEL_FLAGS = {
  model: { type: "choice", choices: MODEL_NAMES, help: "which one; default lenet5" },
  ...LENET5_FLAGS,
  ...BASE_FLAGS,
  ...HEAD_FLAGS,
} as const;

export interface ModelFlags {
  readonly model?: ModelName | undefined;
  readonly activation?: "relu" | "tanh" | undefined;
  readonly pooling?: "max" | "average" | undefined;
  readonly weights?: string | undefined;
  readonly inputSize?: number | undefined;
  readonly preprocess?: "imagenet" | "unit" | undefined;
  readonly head?: "flatten" | "average" | undefined;
  readonly headUnits?: number | undefined;
  readonly headDropout?: number | undefined;
  readonly freeze?: string | undefined;
}

const KINDS = {
  lenet5: ["activation", "pooling"],
  transfer: ["weights", "inputSize", "preprocess", "head", "headUnits", "headDropout", "freeze"],
} as const satisfies Record<string, readonly (keyof ModelFlags)[]>;

/** Without `pretrained`, which follows from the file. Throws UsageError for flags that do not go together. */
export function modelConfig(flags: ModelFlags): ModelConfig {
  const { model = "lenet5" } = flags;
  refuse(flags, model, model === "lenet5" ? KINDS.transfer : KINDS.lenet5);
  if (model === "lenet5") {
    const { activation = "relu", pooling = "max" } = flags;
    return { name: model, activation, pooling, classes: 10 };
  }
  const { inputSize = 32, preprocess = "imagenet", head = "flatten" } = flags;
  const { headUnits = 256, headDropout = 0.5 } = flags;
  return {
    name: model,
    inputSize,
    preprocessing: preprocess,
    pooling: head,
    units: headUnits,
    dropout: headUnits > 0 ? headDropout : 0,
    freeze: freezeOf(model, flags),
    pretrained: null,
    classes: 10,
  };
}

/** The flags that tell one model from another, where something else, such as a tuner's study, has decided that. */
export function refuseModelFlags(flags: ModelFlags, why: string): void {
  const names = [...KINDS.lenet5, ...KINDS.transfer].filter((name) => name !== "weights");
  const given = names.find((name) => flags[name] !== undefined);
  if (given) throw new UsageError(`--${kebabCase(given)}: ${why}, got one of its own`);
}

function refuse(flags: ModelFlags, model: ModelName, names: readonly (keyof ModelFlags)[]): void {
  const given = names.find((name) => flags[name] !== undefined);
  if (given)
    throw new UsageError(
      `--${kebabCase(given)}: is no setting of ${model}, got it with --model ${model}`,
    );
}

function freezeOf(
  model: TransferModelConfig["name"],
  { freeze, weights }: ModelFlags,
): "base" | "none" | number {
  const { blocks } = BACKBONES[model];
  if (freeze === undefined) return weights === "none" ? "none" : "base";
  if (freeze === "base" || freeze === "none") return freeze;
  const count = /^\d+$/.test(freeze) ? Number(freeze) : Number.NaN;
  if (count >= 1 && count < blocks.length) return count;
  throw new UsageError(
    `--freeze: must be base, none, or 1 to ${blocks.length - 1} blocks, got ${freeze}`,
    { help: `the blocks of ${model} are ${blocks.join(", ")}` },
  );
}
