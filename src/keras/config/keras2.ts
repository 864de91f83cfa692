// A model's configuration as Keras 2 (2.4 to 2.15) writes it into the `model_config` attribute of an H5 file. Keras 3
// reads it too, while Keras 2 cannot read what Keras 3 writes there; so this is the one for `.h5`.

import type { ExportedLayer, ExportedModel } from "../exported-model.ts";
import { type Dialect, type JsonObject, layerConfig } from "./layer-config.ts";

const KERAS2: Dialect = {
  object: (_module, className, config) => ({ class_name: className, config }),
  extras: ({ className, outputShape }) => {
    if (className === "Dense") return { activity_regularizer: null };
    // Counted from the batch axis, in a list.
    return className === "BatchNormalization" ? { axis: [outputShape.length] } : {};
  },
};

/** `{ class_name, config }` of a Sequential, or of a Functional with each layer's inbound nodes. */
export function keras2Config(model: ExportedModel): JsonObject {
  return model.isFunctional ? functional(model) : sequential(model);
}

function sequential({ name, inputShape, layers }: ExportedModel): JsonObject {
  const input = inputEntry(`${layers[0]?.name}_input`, inputShape);
  return { class_name: "Sequential", config: { name, layers: [input, ...layers.map(layerEntry)] } };
}

function functional({ name, layers }: ExportedModel): JsonObject {
  const entries = layers.map((layer) => ({
    ...(layer.className === "InputLayer"
      ? inputEntry(layer.name, layer.outputShape)
      : layerEntry(layer)),
    name: layer.name,
    inbound_nodes: layer.inputs.length === 0 ? [] : [layer.inputs.map((from) => [from, 0, 0, {}])],
  }));
  const config = {
    ...{ name, layers: entries },
    input_layers: [[layers[0]?.name ?? "", 0, 0]],
    output_layers: [[layers.at(-1)?.name ?? "", 0, 0]],
  };
  return { class_name: "Functional", config };
}

function inputEntry(name: string, shape: readonly number[]): JsonObject {
  const config = { batch_input_shape: [null, ...shape], dtype: "float32", sparse: false };
  return { class_name: "InputLayer", config: { ...config, ragged: false, name } };
}

function layerEntry(layer: ExportedLayer): JsonObject {
  return { class_name: layer.className, config: layerConfig(layer, KERAS2) };
}
