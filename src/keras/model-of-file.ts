// The whole model of a Keras file that is open: its description, its layers, its weights, and how it was compiled.

import { FormatError } from "../engine/core/errors.ts";
import { describeModel, type Model, variablesOf } from "../engine/layers/model.ts";
import type { Weights } from "../engine/layers/variables.ts";
import type { WeightRecord } from "../engine/program/layer-record.ts";
import type { JsonObject } from "../models/architecture/layer-config.ts";
import { modelFromConfig } from "../models/architecture/model-from-config.ts";
import type { Compiled } from "./compiled/compiled.ts";
import { readCompiled } from "./compiled/read-compiled.ts";
import { assignWeights } from "./weights/assign-weights.ts";
import type { TargetLayer } from "./weights/layer-pair.ts";
import type { WeightFile } from "./weights/saved-weights.ts";
import { soundVariances } from "./weights/sound-variances.ts";
import { assignWeightsTo } from "./weights/weights-for.ts";

/** A file without the values of its weights. */
export interface DescribedModel {
  /** `{ class_name, config }`, as the file has it. */
  readonly architecture: JsonObject;
  readonly model: Model;
  /** How it was compiled; null where it was not. */
  readonly compiled: Compiled | null;
}

export interface ReadModel extends DescribedModel {
  readonly weights: Weights;
}

export interface ReadOptions {
  /** Reads what the optimiser had come to as well, which is up to twice as large as the weights; default false. */
  readonly optimizer?: boolean;
}

/** Throws FormatError, naming layer and option, for damage and for what is not computed here as Keras does. */
export function modelOf(file: WeightFile, options: ReadOptions = {}): ReadModel {
  const described = descriptionOf(file, options);
  const { layers } = describeModel(described.model);
  return { ...described, weights: weightsOf(file, layers) };
}

/** The same without the weights. */
export function descriptionOf(
  file: WeightFile,
  { optimizer = false }: ReadOptions,
): DescribedModel {
  const { modelConfig, path } = file;
  if (modelConfig === null) {
    throw new FormatError(`${path}: must hold a whole model, got weights alone`, {
      help: "save it by model.save in Keras",
    });
  }
  const model = modelFromConfig(modelConfig, path);
  // Parsed from JSON.
  const architecture = modelConfig as JsonObject;
  const compilation = file.compilation();
  const trainables = optimizer ? trainablesOf(model) : null;
  const compiled = compilation && readCompiled(compilation, trainables);
  return { architecture, model, compiled };
}

function weightsOf(file: WeightFile, layers: readonly TargetLayer[]): Weights {
  return new Map(soundVariances(file.path, assignWeights(file, layers)));
}

/** The weights alone, for a model that may have been written by us or by Keras. */
export function weightsFor(file: WeightFile, model: Model): Weights {
  return new Map(soundVariances(file.path, assignWeightsTo(file, model)));
}

/** In Keras's order. */
function trainablesOf(model: Model): readonly WeightRecord[] {
  const { layers } = describeModel(model);
  const moving = new Set([...variablesOf(model)].filter((v) => v.trainable).map((v) => v.name));
  return layers.flatMap(({ weights }) => weights.filter(({ name }) => moving.has(name)));
}
