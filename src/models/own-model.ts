// The row of models that are none of ours: a network as Keras describes it, from a file of Keras's or from a program of one's
// own. The description is the whole configuration, so that a run, a trial or a worker builds it again without the file.

import { FormatError, UsageError } from "../engine/core/errors.ts";
import { sameShape } from "../engine/core/shape.ts";
import { dense } from "../engine/layers/dense.ts";
import { describeModel, type Model, variablesOf } from "../engine/layers/model.ts";
import type { Layer } from "../engine/layers/net.ts";
import { globalAveragePooling2d } from "../engine/layers/pooling.ts";
import { activation } from "../engine/layers/shaping.ts";
import type { Weights } from "../engine/layers/variables.ts";
import type { Preprocessing } from "../engine/ops/preprocessing.ts";
import { isRecord } from "./architecture/json-record.ts";
import type { JsonObject } from "./architecture/layer-config.ts";
import { modelFromConfig } from "./architecture/model-from-config.ts";
import { withNewHead } from "./architecture/new-head.ts";
import { memoise } from "./memoise.ts";
import type { ModelKind } from "./model-kind.ts";
import { PRETRAINED_SETTING, type Settings } from "./setting.ts";

/** What a model gives for a picture: how much it speaks for each class, or a picture of the same size. */
export type Prediction = "classes" | "picture";

export interface OwnConfig {
  /** `{ class_name, config }`, as Keras 1, 2 or 3 writes it. */
  readonly architecture: JsonObject;
  /** Puts a new last layer on, for so many classes; default: the one that is there. */
  readonly head?: number;
  /** What keeps its weights: all but the last layer, or only what the description says, the default. */
  readonly freeze?: "base" | "none";
  /**
   * What the first layer is given; default `unit`. Of those that resize, the data decides: an image that fits with equal borders
   * is centred.
   */
  readonly preprocessing?: Preprocessing;
  /** What it gives; default `classes`. A new last layer gives classes, whatever was there. */
  readonly predicts?: Prediction;
  /** sha256 of the file that the first weights are from, or null when they are random, the default. */
  readonly pretrained?: string | null;
}

/** Those that a person names; of those that resize, the data decides. */
export const PREPROCESSINGS = ["unit", "bytes", "tf", "caffe", "torch"] as const;
const ALL_PREPROCESSINGS = [...PREPROCESSINGS, "resized", "resized-bytes"] as const;

const SETTINGS: Settings<OwnConfig> = {
  architecture: {
    ...{ type: "text", placeholder: "json", default: {} },
    help: "the network as Keras describes it",
    rule: "must be a model as Keras describes it",
    holds: isRecord,
    parse: () => {
      throw new UsageError("architecture: comes from a file");
    },
  },
  head: {
    ...{ type: "text", placeholder: "classes", default: 0, flag: "head", rule: "must be a count" },
    help: "puts a new last layer on, for so many classes",
    holds: isCount,
    parse: (text) => {
      if (isCount(Number(text))) return Number(text);
      throw new UsageError(`head: must be the number of classes, got ${text}`, {
        argument: "head",
      });
    },
  },
  freeze: {
    ...{ type: "choice", choices: ["none", "base"], default: "none", flag: "freeze" },
    help: "base holds all but the last layer fixed",
  },
  preprocessing: {
    ...{ type: "text", placeholder: PREPROCESSINGS.join("|"), default: "unit", flag: "preprocess" },
    help: "unit divides by 255, bytes leaves 0 to 255, tf maps to -1 to 1, caffe and torch normalise by ImageNet's means; default unit, and bytes where the network begins with Rescaling or Normalization",
    rule: `must be one of ${ALL_PREPROCESSINGS.join(", ")}`,
    holds: (value) => ALL_PREPROCESSINGS.some((one) => one === value),
    parse: (text) => {
      const found = PREPROCESSINGS.find((one) => one === text);
      if (found) return found;
      throw new UsageError(`preprocess: must be one of ${PREPROCESSINGS.join(", ")}, got ${text}`, {
        argument: "preprocess",
      });
    },
  },
  predicts: {
    ...{ type: "choice", choices: ["classes", "picture"], default: "classes" },
    help: "what the network gives for a picture",
  },
  pretrained: PRETRAINED_SETTING,
};

/** Of a file, whose name without its ending `stem` is: what is no letter, digit, dash or dot becomes a dash. */
export function nameOfStem(stem: string): string {
  return stem.replaceAll(/[^\w.-]+/g, "-") || "model";
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 1_000_000;
}

type Named = { readonly name: string } & OwnConfig;

/** The network as its file has it, whose variables those of the model are, but for a new head's. */
export function ownNetwork({ name, architecture }: Pick<Named, "name" | "architecture">): Model {
  return modelFromConfig(architecture, name);
}

/** Of a file's, those that stay where they are: a new last layer begins with random ones. */
export function keptWeights(config: Named, weights: Weights): Weights {
  if (config.head === undefined) return weights;
  const { replaced } = withNewHead(config.architecture, { units: config.head, isFrozen: false });
  const known = new Set([...variablesOf(ownNetwork(config))].map(({ name }) => name));
  return new Map(
    [...weights].filter(([name]) => known.has(name) && !name.startsWith(`${replaced}/`)),
  );
}

const PREDICTIONS = "predictions";

/** What its end says: pictures, where they are of the size of those that go in. */
export function endOf(model: Model): Prediction {
  const { outputShape } = describeModel(model);
  const isPicture = outputShape.length === 3 && sameShape(outputShape, model.inputShape);
  return isPicture ? "picture" : "classes";
}

/** Throws FormatError for a description that cannot be read, or that does not end in what it is said to. */
export function ownModel(config: Named): Model {
  const { name, architecture, head, freeze, preprocessing } = config;
  const isFrozen = freeze === "base";
  const changed =
    head === undefined && !isFrozen
      ? { description: architecture, replaced: null }
      : withNewHead(architecture, { units: head ?? null, isFrozen });
  const model = modelFromConfig(changed.description, name);
  const isBehind = head !== undefined && changed.replaced === null;
  const ends = isBehind ? headBehind(model, head) : endBehind(model, config);
  const whole: Model =
    ends.length === 0
      ? model
      : {
          ...model,
          build: (net, x) => ends.reduce((y, layer) => layer(net, y), model.build(net, x)),
        };
  const bytes = preprocessing ?? inputOf(model);
  return bytes === "unit" ? whole : { ...whole, preprocessing: bytes };
}

function headBehind(model: Model, classes: number): readonly Layer[] {
  const { outputShape } = describeModel(model);
  const pool = outputShape.length === 3 ? [globalAveragePooling2d({ name: "head_pooling" })] : [];
  return [...pool, dense({ name: PREDICTIONS, units: classes, activation: "softmax" })];
}

/** The curve that a model ends in; undefined where its last layer has none. */
function lastCurve(model: Model): unknown {
  const last = describeModel(model).layers.at(-1);
  return last?.className === "Softmax" ? "softmax" : last?.config["activation"];
}

/** Whether its outputs are each a yes or a no. */
export function endsInSigmoid(model: Model): boolean {
  return lastCurve(model) === "sigmoid";
}

function endBehind(model: Model, { name, predicts, head }: Named): readonly Layer[] {
  if (predicts !== "picture" || head !== undefined) return softmaxBehind(model, name);
  if (endOf(model) === "picture") return [];
  const { outputShape } = describeModel(model);
  throw new FormatError(
    `${name}: a model of pictures must give them as large as it takes them, got ${["N", ...outputShape].join("×")}`,
  );
}

/** Scores become probabilities, which is what `from_logits=True` means where a network is trained in Keras. */
function softmaxBehind(model: Model, name: string): readonly Layer[] {
  const { outputShape } = describeModel(model);
  const curve = lastCurve(model);
  if (outputShape.length !== 1) {
    throw new FormatError(
      `${name}: a model must end in a number for each class, got ${["N", ...outputShape].join("×")}`,
      { help: "--head 10 puts a last layer for 10 classes behind it" },
    );
  }
  if (curve === "softmax" || curve === "sigmoid") return [];
  if ((curve === undefined || curve === "linear") && outputShape[0] !== 1) {
    return [activation({ name: "softmax", activation: "softmax" })];
  }
  throw new FormatError(
    `${name}: a model must end in a softmax or a sigmoid, or in scores of several classes, got ${String(curve ?? "linear")}`,
    { help: "--head 10 puts a last layer for 10 classes in its place" },
  );
}

/** A model that scales its images itself is given bytes. */
function inputOf(model: Model): Preprocessing {
  const first = describeModel(model).layers.find(({ className }) => !PLACING.test(className));
  const scales = first?.className === "Rescaling" || first?.className === "Normalization";
  return scales ? "bytes" : "unit";
}

/** What leaves the values of an image as they are. */
const PLACING = /^(InputLayer|Random.*|Resizing|CenterCrop|Cropping2D|ZeroPadding2D)$/;

/** The row; its models have names of their own, and their configurations an `architecture`. */
export const OWN: ModelKind<string, Partial<OwnConfig>> = {
  name: "own",
  family: "a file",
  settings: SETTINGS,
  configure: (given) => given,
  create: memoise((config) => ownModel(config as Named)),
  search: {
    vary: (_hp, config) => config,
    keeps: ["head", "freeze", "preprocessing"],
    learningRate: { min: 1e-5, max: 1e-2 },
  },
  backbone: null,
};
