// A whole model of a Keras file on the disk.

import { describeModel, type Model } from "../engine/layers/model.ts";
import type { Weights } from "../engine/layers/variables.ts";
import {
  type DescribedModel,
  descriptionOf,
  modelOf,
  type ReadModel,
  type ReadOptions,
  weightsFor,
} from "./model-of-file.ts";
import { matchWeights } from "./weights/assign-weights.ts";
import { withWeightFile } from "./weights/weight-file.ts";

export type { DescribedModel, ReadModel, ReadOptions } from "./model-of-file.ts";

/**
 * Reads a `.keras` file, or a whole model in `.h5`. Throws FormatError, naming layer and option, for damage and for what is not
 * computed here as Keras does.
 */
export function readKerasModel(path: string, options: ReadOptions = {}): Promise<ReadModel> {
  return withWeightFile(path, (file) => modelOf(file, options));
}

/** The same without reading the weights, which have their names and shapes checked. */
export function describeKerasModel(
  path: string,
  options: ReadOptions = {},
): Promise<DescribedModel> {
  return withWeightFile(path, (file) => {
    const described = descriptionOf(file, options);
    matchWeights(file, describeModel(described.model).layers);
    return described;
  });
}

/** Weights of a file for a model that is there, by the order and the names of its layers. Throws FormatError where they do not fit. */
export function readWeightsFor(path: string, model: Model): Promise<Weights> {
  return withWeightFile(path, (file) => weightsFor(file, model));
}
