// The weights of a file for a model that is there. A file of weights alone does not tell whose layers it counts: those of the model
// that Keras had described, with its models within the model, or those of the file that we make of it, which has none. So both
// are tried, and a file that fits both ways and means different layers by them is refused.

import { FormatError, VitrineError } from "../../engine/core/errors.ts";
import { describeModel, type Model } from "../../engine/layers/model.ts";
import type { NamedValues } from "../../engine/layers/variables.ts";
import { exportedModel } from "../../models/architecture/exported-model.ts";
import { assignWeights, matchWeights } from "./assign-weights.ts";
import type { TargetLayer } from "./layer-pair.ts";
import type { WeightFile } from "./saved-weights.ts";

type Source = Pick<WeightFile, "path" | "format" | "layers">;

/** Throws FormatError where they do not fit, and where it is not certain which layer is which. */
export function assignWeightsTo(file: Source, model: Model): Iterable<NamedValues> {
  return assignWeights(file, layersMeant(file, model));
}

function layersMeant(file: Source, model: Model): readonly TargetLayer[] {
  const { layers } = describeModel(model);
  const isNested = layers.some(({ within = [] }) => within.length > 0);
  const flat = flatLayers(model);
  const asRead = reading(file, layers);
  const asWritten = flat && reading(file, flat);
  if (!flat || !asWritten || asWritten instanceof FormatError) {
    if (asRead instanceof FormatError) throw asRead;
    return layers;
  }
  // Of a model without others in it, Keras's order is the only one that a file of Keras's has.
  if (asRead instanceof FormatError || !isNested || isSame(asRead, asWritten)) return flat;
  throw new FormatError(
    `${file.path}: weights must tell which layer is which, got two ways in which they fit`,
    { help: "a whole model (.keras, .h5) tells what belongs where" },
  );
}

/** In Keras's order, as an export writes them; null for a model that Keras could not make. */
function flatLayers(model: Model): readonly TargetLayer[] | null {
  try {
    return exportedModel(model).layers.map(({ within: _, ...layer }) => layer);
  } catch (error) {
    if (error instanceof VitrineError) return null;
    throw error;
  }
}

/** Where each variable lies, or why that is none. */
function reading(
  file: Source,
  layers: readonly TargetLayer[],
): ReadonlyMap<string, string> | FormatError {
  try {
    const found = matchWeights(file, layers);
    return new Map(found.map(({ variable, weight }) => [variable, weight.path]));
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}

function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([variable, place]) => b.get(variable) === place);
}
