// The mode that a call of a layer names. `training=False` is kept. `training=True`, as of Monte-Carlo dropout, is refused:
// what it computes in Keras 2 is random, or depends on the batch, also when the model only predicts. That is not computed
// here, and a model that did without would give other predictions.

import { FormatError } from "../../engine/core/errors.ts";
import type { CallRecord, LayerRecord } from "../../engine/program/layer-record.ts";
import { isRecord } from "./json-record.ts";

/** Layers that compute the same in both modes; of all others it is not known. */
const SAME_IN_BOTH: ReadonlySet<unknown> = new Set([
  ...["InputLayer", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"],
  ...["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose", "Dense"],
  ...["MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D"],
  ...["Flatten", "Reshape", "ZeroPadding2D", "Cropping2D", "UpSampling2D"],
  ...["Add", "Subtract", "Multiply", "Average", "Maximum", "Concatenate"],
  ...["Rescaling", "Resizing", "Normalization", "LayerNormalization"],
]);

/**
 * Throws FormatError for a layer called with `training=True` that may depend on it, naming what does.
 * @param layer `{ class_name, config }`, also of a model
 */
export function refuseTraining(layer: unknown, where: string): void {
  const found = dependent(layer);
  if (found === null) return;
  const own = isRecord(layer) ? String(layer["class_name"]) : "";
  const inner = found === own ? "" : `, and it holds a ${found}`;
  const rule = `a ${own} must be called without training=True`;
  throw new FormatError(`${where}: ${rule}, got training=True${inner}`, {
    help: "build the model in Keras without training=True, give it these weights, and save it",
  });
}

/** What a call says beyond its tensors: `training=False`, where the layer would do something else in training. */
export function callKeywords(
  { className }: Pick<LayerRecord, "className">,
  { isInference }: Pick<CallRecord, "isInference">,
): { readonly training?: false } {
  return isInference && !SAME_IN_BOTH.has(className) ? { training: false } : {};
}

/** The class of the first layer in it that is not known to compute the same; null where there is none. */
function dependent(layer: unknown): string | null {
  const { class_name: className, config } = isRecord(layer) ? layer : {};
  const inner = isRecord(config) ? config["layers"] : config;
  if (!Array.isArray(inner)) return SAME_IN_BOTH.has(className) ? null : String(className);
  for (const next of inner) {
    const found = dependent(next);
    if (found !== null) return found;
  }
  return null;
}
