// Transfer learning as the study does it: an ImageNet network without its classifier, and a small head of our own on its
// features. The same model can be had whole, or as base and head, so that a frozen base need not run again and again.

import { UsageError } from "../engine/core/errors.ts";
import { dense } from "../engine/layers/dense.ts";
import { describeModel, type Model } from "../engine/layers/model.ts";
import type { Layer } from "../engine/layers/net.ts";
import { globalAveragePooling2d } from "../engine/layers/pooling.ts";
import { dropout, flatten } from "../engine/layers/shaping.ts";
import type { Preprocessing } from "../engine/ops/preprocessing.ts";
import type { Backbone } from "./backbone.ts";
import { memoise } from "./memoise.ts";
import type { Choices, ModelKind, Start } from "./model-kind.ts";
import {
  CLASSES_SETTING,
  defaultsOf,
  L2_SETTING,
  type NumberSetting,
  PRETRAINED_SETTING,
  type Settings,
  type TextSetting,
} from "./setting.ts";

export interface TransferConfig {
  /** Rows and columns that images are resized to; default 32, the least that the networks take. */
  readonly inputSize?: number;
  /** `imagenet`: Keras's `preprocess_input` of the network, the default. `unit`: divided by 255, as the study may have. */
  readonly preprocessing?: "imagenet" | "unit";
  /** How the feature map becomes a vector; default `flatten`. */
  readonly pooling?: "flatten" | "average";
  /** Of the head's hidden layer; 0 for none; default 256. */
  readonly units?: number;
  /** Share of the hidden layer that is dropped while training; default 0.5. */
  readonly dropout?: number;
  /** What keeps its weights: the whole base (the default), its first so many blocks, or nothing. */
  readonly freeze?: "base" | "none" | number;
  /**
   * sha256 of the file that the base's weights are from, or null when they are random, the default. Pretrained, the base
   * runs in inference mode also while it is fine-tuned, as Keras advises: its batch normalisation keeps its statistics.
   */
  readonly pretrained?: string | null;
  /** Adds so many times Σ kernel² of the head's layers to the loss; default 0. */
  readonly l2?: number;
  /** Default 10. */
  readonly classes?: number;
}

export interface TransferModel extends Model {
  /** Images to a vector of features. */
  readonly base: Model;
  /** Such a vector to class probabilities. */
  readonly head: Model;
  /** Whether no weight of the base is trained. */
  readonly isBaseFrozen: boolean;
}

/** A kind of model that also comes in two parts. */
export interface TransferKind<Name extends string> extends ModelKind<Name, TransferConfig> {
  create(config: TransferConfig): TransferModel;
  readonly backbone: Backbone;
}

const DROPOUT: NumberSetting<number> = {
  ...{ type: "number", min: 0, below: 1, default: 0.5, flag: "head-dropout" },
  help: "share of the hidden layer dropped while training",
};

/** Those of which only `freeze` depends on the network. */
function settingsOf(name: string, { blocks }: Backbone): Settings<TransferConfig> {
  return {
    inputSize: {
      ...{ type: "integer", min: 32, max: 4096, default: 32, flag: "input-size" },
      help: "rows and columns that images are resized to",
    },
    preprocessing: {
      ...{ type: "choice", choices: ["imagenet", "unit"], default: "imagenet", flag: "preprocess" },
      help: "imagenet is Keras's preprocess_input of the network, unit divides by 255",
    },
    pooling: {
      ...{ type: "choice", choices: ["flatten", "average"], default: "flatten", flag: "head" },
      help: "how the feature map becomes a vector",
    },
    freeze: freezeSetting(name, blocks),
    units: {
      ...{ type: "integer", min: 0, max: 65_536, default: 256, flag: "head-units" },
      help: "units of the head's hidden layer, 0 for none",
    },
    dropout: DROPOUT,
    l2: L2_SETTING,
    pretrained: PRETRAINED_SETTING,
    classes: CLASSES_SETTING,
  };
}

type Freeze = NonNullable<TransferConfig["freeze"]>;

function freezeSetting(name: string, blocks: readonly string[]): TextSetting<Freeze> {
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0;
  return {
    ...{ type: "text", flag: "freeze", placeholder: "what", default: "base" },
    help: "base (the default with weights), its first N blocks, or none",
    rule: "must be base, none or a number of blocks",
    holds: (value) => value === "base" || value === "none" || isCount(value),
    parse(text) {
      if (text === "base" || text === "none") return text;
      const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (count >= 1 && count < blocks.length) return count;
      throw new UsageError(
        `freeze: must be base, none, or 1 to ${blocks.length - 1} blocks, got ${text}`,
        { argument: "freeze", help: `the blocks of ${name} are ${blocks.join(", ")}` },
      );
    },
  };
}

/** The row of a network that takes a head. */
export function transferKind<Name extends string>(
  name: Name,
  backbone: Backbone,
): TransferKind<Name> {
  const settings = settingsOf(name, backbone);
  const defaults = defaultsOf(settings);
  // Heads of many shapes share one base.
  const base = memoise((config: BaseConfig) => baseOf(name, backbone, config));
  return {
    name,
    family: "imagenet networks",
    settings,
    configure: (given, start) => configure(defaults, given, start),
    create: memoise((config: TransferConfig) => {
      const { inputSize, preprocessing, pooling, freeze, pretrained } = { ...defaults, ...config };
      const part = base({ inputSize, preprocessing, pooling, freeze, pretrained });
      return joined(part, headOf(name, { ...defaults, ...config }, part), freeze === "base");
    }),
    search: {
      vary,
      keeps: ["inputSize", "preprocessing", "pooling", "freeze"],
      learningRate: { min: 1e-4, max: 1e-2 },
    },
    backbone,
  };
}

function configure(
  defaults: Required<TransferConfig>,
  { l2 = 0, ...given }: Partial<TransferConfig>,
  { isRandom }: Start,
): TransferConfig {
  const { l2: _none, ...others } = defaults;
  const config = { ...others, freeze: isRandom ? "none" : others.freeze, ...given } as const;
  return {
    ...config,
    dropout: config.units > 0 ? config.dropout : 0,
    ...(l2 > 0 ? { l2 } : {}),
  };
}

/** The head and how it is trained. The base stays as it was asked for, so that its features serve all trials. */
function vary(hp: Choices, config: TransferConfig): TransferConfig {
  const units = hp.choice("units", [256, 0, 64, 128, 512]);
  const rate = hp.float("dropout", { min: 0, max: 0.6, step: 0.1, default: 0.5 });
  return { ...config, units, dropout: rate };
}

function joined(base: Model, head: Model, isBaseFrozen: boolean): TransferModel {
  const { name, inputShape, preprocessing = "unit" } = base;
  const build: Model["build"] = (net, x) => head.build(net, base.build(net, x));
  return { name, inputShape, preprocessing, base, head, isBaseFrozen, build };
}

type BaseConfig = Required<
  Pick<TransferConfig, "inputSize" | "preprocessing" | "pooling" | "freeze" | "pretrained">
>;

/** Throws ShapeError for an input that is too small. */
function baseOf(name: string, backbone: Backbone, config: BaseConfig): Model {
  const { inputSize, preprocessing, pooling, freeze, pretrained } = config;
  const inputShape = [inputSize, inputSize, 3] as const;
  const frozenBlocks =
    freeze === "base" ? Number.POSITIVE_INFINITY : freeze === "none" ? 0 : freeze;
  const network = backbone.build({ inputShape, includeTop: false, frozenBlocks });
  const end: Layer = pooling === "flatten" ? flatten() : globalAveragePooling2d();
  const images: Preprocessing = preprocessing === "unit" ? "resized" : backbone.preprocessing;
  return {
    name,
    inputShape,
    preprocessing: images,
    build: (net, x) => {
      const features =
        pretrained === null ? network.build(net, x) : net.inference(() => network.build(net, x));
      return end(net, features);
    },
  };
}

type HeadConfig = Required<Pick<TransferConfig, "units" | "dropout" | "classes" | "l2">>;

function headOf(
  name: string,
  { units, dropout: rate, classes, l2: kernelRegularizerL2 }: HeadConfig,
  base: Model,
): Model {
  const all = { kernelRegularizerL2 };
  const hidden = units > 0 ? [dense({ ...all, units, activation: "relu", name: "head" })] : [];
  const drop = units > 0 && rate > 0 ? [dropout({ rate, name: "head_dropout" })] : [];
  const classifier = dense({ ...all, units: classes, activation: "softmax", name: "predictions" });
  const layers = [...hidden, ...drop, classifier];
  return {
    name: `${name}.head`,
    inputShape: describeModel(base).outputShape,
    build: (net, x) => layers.reduce((tensor, layer) => layer(net, tensor), x),
  };
}
