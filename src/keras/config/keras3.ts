// A model's configuration as Keras 3 writes it into config.json of a `.keras` file. Left out is what only its later
// releases know and what `load_model` fills in itself, because earlier ones refuse fields that they do not know.

import type { ExportedLayer, ExportedModel } from "../exported-model.ts";
import { type Dialect, type JsonObject, layerConfig } from "./layer-config.ts";

const KERAS3: Dialect = {
  object: (module, className, config) => ({
    module,
    class_name: className,
    config,
    registered_name: null,
  }),
  extras: () => ({}),
};

/** Classes whose `build_config` Keras writes: they look at the shape of their input when they are built. */
const BUILT: ReadonlySet<string> = new Set([
  ...["Conv2D", "Dense", "BatchNormalization", "Flatten", "ZeroPadding2D", "Add"],
]);

/** What `keras.models.load_model` builds the model from: a Sequential, or a Functional with the calls of its layers. */
export function keras3Config(model: ExportedModel): JsonObject {
  return model.isFunctional ? functional(model) : sequential(model);
}

function sequential({ name, inputShape, layers }: ExportedModel): JsonObject {
  const batchShape = [null, ...inputShape];
  let shape: readonly (number | null)[] = batchShape;
  const entries = layers.map((layer) => {
    const entry = layerEntry(layer, shape);
    shape = [null, ...layer.outputShape];
    return entry;
  });
  const config = {
    ...{ name, trainable: true, dtype: "float32" },
    layers: [inputEntry("input_layer", batchShape), ...entries],
    build_input_shape: batchShape,
  };
  return { ...object("keras", "Sequential", config), build_config: { input_shape: batchShape } };
}

function functional({ name, layers }: ExportedModel): JsonObject {
  const shapes = new Map(layers.map((layer) => [layer.name, [null, ...layer.outputShape]]));
  const entries = layers.map((layer) => {
    if (layer.className === "InputLayer") {
      const entry = inputEntry(layer.name, shapes.get(layer.name) ?? []);
      return { ...entry, name: layer.name, inbound_nodes: [] };
    }
    const inputs = layer.inputs.map((input) => shapes.get(input) ?? []);
    const tensors = layer.inputs.map((input, index) => tensor(input, inputs[index] ?? []));
    return {
      ...layerEntry(layer, inputs.length === 1 ? (inputs[0] ?? []) : inputs),
      name: layer.name,
      inbound_nodes: [{ args: layer.className === "Add" ? [tensors] : tensors, kwargs: {} }],
    };
  });
  const config = {
    ...{ name, trainable: true, layers: entries },
    input_layers: [layers[0]?.name ?? "", 0, 0],
    output_layers: [layers.at(-1)?.name ?? "", 0, 0],
  };
  // Not part of Keras's public names, so that it is found where it is defined.
  const functional = object("keras.src.models.functional", "Functional", config);
  return { ...functional, registered_name: "Functional", build_config: { input_shape: null } };
}

function object(module: string, className: string, config: JsonObject): JsonObject {
  return KERAS3.object(module, className, config);
}

function inputEntry(name: string, batchShape: readonly (number | null)[]): JsonObject {
  const config = { batch_shape: batchShape, dtype: "float32", sparse: false, name };
  return object("keras.layers", "InputLayer", config);
}

type BuildShape = readonly (number | null)[] | readonly (readonly (number | null)[])[];

function layerEntry(layer: ExportedLayer, inputShape: BuildShape): JsonObject {
  const entry = object("keras.layers", layer.className, layerConfig(layer, KERAS3));
  return BUILT.has(layer.className)
    ? { ...entry, build_config: { input_shape: inputShape } }
    : entry;
}

/** The output of a layer, as an argument of another's call. */
function tensor(layer: string, shape: readonly (number | null)[]): JsonObject {
  const config = { shape, dtype: "float32", keras_history: [layer, 0, 0] };
  return { class_name: "__keras_tensor__", config };
}
