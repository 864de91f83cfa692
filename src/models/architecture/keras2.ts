// A model's configuration as Keras 2 (1.15 to 2.15) reads it into the `model_config` attribute of an H5 file. Keras 3
// reads it too, while Keras 2 cannot read what Keras 3 writes there; so this is the one for `.h5`.

import { callKeywords } from "./call-modes.ts";
import type { ExportedLayer, ExportedModel } from "./exported-model.ts";
import { type Dialect, type JsonObject, layerConfig } from "./layer-config.ts";

const KERAS2: Dialect = {
  isKeras3: false,
  // Keras 3 reads this too.
  fieldName: (className, field) =>
    className === "LeakyReLU" && field === "negative_slope" ? "alpha" : field,
  object: (_module, className, config) => ({ class_name: className, config }),
  extras: ({ className, outputShape }) => {
    if (className === "Dense") return { activity_regularizer: null };
    // Counted from the batch axis, in a list.
    return className === "BatchNormalization" ? { axis: [outputShape.length] } : {};
  },
};

/**
 * What TF-Keras has in config.json of a `.keras` file: layers are described as in an `.h5`, the model by its module. A Functional
 * is a Model there, which makes one: where Functional itself is to be found, 2.12 and 2.13 do not agree.
 */
export function keras2ArchiveConfig(model: ExportedModel): JsonObject {
  const { class_name = null, config = null } = keras2Config(model);
  const { isFunctional, inputShape } = model;
  return {
    ...{ module: "keras", class_name, config },
    registered_name: isFunctional ? "Model" : null,
    build_config: { input_shape: [null, ...inputShape] },
  };
}

/** `{ class_name, config }` of a Sequential, or of a Functional with each layer's inbound nodes. */
export function keras2Config(model: ExportedModel): JsonObject {
  return model.isFunctional ? functional(model) : sequential(model);
}

function sequential({ name, inputShape, layers }: ExportedModel): JsonObject {
  const input = inputEntry(`${layers[0]?.name}_input`, inputShape);
  return { class_name: "Sequential", config: { name, layers: [input, ...layers.map(layerEntry)] } };
}

function functional({ name, layers, output }: ExportedModel): JsonObject {
  const entries = layers.map((layer) => ({
    ...(layer.className === "InputLayer"
      ? inputEntry(layer.name, layer.outputShape)
      : layerEntry(layer)),
    name: layer.name,
    inbound_nodes: layer.calls.map((call) =>
      call.inputs.map((source) => [source.layer, source.call, 0, callKeywords(layer, call)]),
    ),
  }));
  const config = {
    ...{ name, layers: entries },
    input_layers: [[layers[0]?.name ?? "", 0, 0]],
    output_layers: [[output.layer, output.call, 0]],
  };
  // Known by this name to TF-Keras 1 as well; in all others a Model so described is a Functional.
  return { class_name: "Model", config };
}

function inputEntry(name: string, shape: readonly number[]): JsonObject {
  const config = { batch_input_shape: [null, ...shape], dtype: "float32", sparse: false };
  return { class_name: "InputLayer", config: { ...config, ragged: false, name } };
}

function layerEntry(layer: ExportedLayer): JsonObject {
  return { class_name: layer.className, config: layerConfig(layer, KERAS2) };
}
