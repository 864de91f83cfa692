// A model's configuration as Keras 3 writes it into config.json of a `.keras` file. Left out is what only its later
// releases know and what `load_model` fills in itself, because earlier ones refuse fields that they do not know.

import { MERGINGS } from "../../engine/layers/merging.ts";
import type { CallOutput } from "../../engine/program/layer-record.ts";
import { callKeywords } from "./call-modes.ts";
import type { ExportedLayer, ExportedModel } from "./exported-model.ts";
import { type Dialect, type JsonObject, layerConfig } from "./layer-config.ts";

const KERAS3: Dialect = {
  isKeras3: true,
  fieldName: (_className, field) => field,
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
  ...["Conv2D", "Dense", "BatchNormalization", "Flatten", "ZeroPadding2D", "PReLU"],
  ...["Concatenate", ...MERGINGS],
  ...["DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose"],
  ...["LayerNormalization", "GroupNormalization"],
]);

/** Classes that are called with a list of tensors. */
const TAKE_LISTS: ReadonlySet<string> = new Set(["Concatenate", ...MERGINGS]);

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

function functional({ name, layers, output }: ExportedModel): JsonObject {
  const shapes = new Map(
    layers.flatMap((layer) => {
      const calls = layer.calls.length > 0 ? layer.calls : [layer];
      return calls.map(({ outputShape }, call) => [`${call} ${layer.name}`, outputShape] as const);
    }),
  );
  const batchOf = ({ layer, call }: CallOutput) => [
    null,
    ...(shapes.get(`${call} ${layer}`) ?? []),
  ];
  const entries = layers.map((layer) => {
    if (layer.className === "InputLayer") {
      const entry = inputEntry(layer.name, [null, ...layer.outputShape]);
      return { ...entry, name: layer.name, inbound_nodes: [] };
    }
    const inputs = (layer.calls[0]?.inputs ?? []).map(batchOf);
    return {
      ...layerEntry(layer, inputs.length === 1 ? (inputs[0] ?? []) : inputs),
      name: layer.name,
      inbound_nodes: layer.calls.map((call) => {
        const tensors = call.inputs.map((source) => tensor(source, batchOf(source)));
        const args = TAKE_LISTS.has(layer.className) ? [tensors] : tensors;
        return { args, kwargs: callKeywords(layer, call) };
      }),
    };
  });
  const config = {
    ...{ name, trainable: true, layers: entries },
    input_layers: [layers[0]?.name ?? "", 0, 0],
    output_layers: [output.layer, output.call, 0],
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
function tensor({ layer, call }: CallOutput, shape: readonly (number | null)[]): JsonObject {
  const config = { shape, dtype: "float32", keras_history: [layer, call, 0] };
  return { class_name: "__keras_tensor__", config };
}
