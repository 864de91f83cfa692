// Transfer learning as the study does it: an ImageNet network without its classifier, and a small head of our own on its
// features. The same model can be had whole, or as base and head, so that a frozen base need not run again and again.

import { dense } from "../engine/layers/dense.ts";
import { describeModel, type Model } from "../engine/layers/model.ts";
import type { Layer } from "../engine/layers/net.ts";
import { globalAveragePooling2d } from "../engine/layers/pooling.ts";
import { dropout, flatten } from "../engine/layers/shaping.ts";
import type { Preprocessing } from "../engine/ops/gather.ts";
import type { Backbone } from "./backbone.ts";

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

/** Throws ShapeError for an input that is too small. */
export function transferModel(
  name: string,
  backbone: Backbone,
  config: TransferConfig = {},
): TransferModel {
  const base = baseOf(name, backbone, config);
  const head = headOf(name, config, describeModel(base).outputShape);
  const { inputShape, preprocessing = "unit" } = base;
  return {
    name,
    inputShape,
    preprocessing,
    base,
    head,
    isBaseFrozen: (config.freeze ?? "base") === "base",
    build: (net, x) => head.build(net, base.build(net, x)),
  };
}

function baseOf(name: string, backbone: Backbone, config: TransferConfig): Model {
  const { inputSize = 32, preprocessing = "imagenet", pooling = "flatten" } = config;
  const { freeze = "base", pretrained = null } = config;
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

function headOf(
  name: string,
  { units = 256, dropout: rate = 0.5, classes = 10 }: TransferConfig,
  inputShape: Model["inputShape"],
): Model {
  const hidden = units > 0 ? [dense({ units, activation: "relu", name: "head" })] : [];
  const drop = units > 0 && rate > 0 ? [dropout({ rate, name: "head_dropout" })] : [];
  const classifier = dense({ units: classes, activation: "softmax", name: "predictions" });
  const layers = [...hidden, ...drop, classifier];
  return {
    name: `${name}.head`,
    inputShape,
    build: (net, x) => layers.reduce((tensor, layer) => layer(net, tensor), x),
  };
}
