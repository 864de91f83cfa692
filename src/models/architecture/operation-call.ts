// Functions that a functional model calls instead of layers: `x / 255.0`, `tf.nn.relu(x)`, `x[..., ::-1]`. Keras 2 makes
// layers of the classes TFOpLambda and SlicingOpLambda of them, and before 2.4 of TensorFlowOpLayer; Keras 3 nodes of the modules keras.src.ops. Read here:
// which function, of what.

import { isRecord, type JsonRecord } from "./json-record.ts";
import type { Source } from "./layer-calls.ts";
import type { Argument, OperationCall } from "./operation.ts";
import { readTensorFlowOp, TENSORFLOW_OP } from "./tensorflow-op.ts";

const KERAS2_CLASSES: ReadonlySet<string> = new Set([
  ...["TFOpLambda", "SlicingOpLambda", TENSORFLOW_OP],
]);

export function isOperation(layer: JsonRecord): boolean {
  const { class_name: className, module } = layer;
  if (typeof className !== "string") return false;
  if (module === undefined && isNamedOnly(layer)) return true;
  return KERAS2_CLASSES.has(className) || /^keras\.(src\.)?ops\b/.test(String(module));
}

/** In an `.h5` of Keras 3, `x - 1` has the class of the layer Subtract, but none of what every layer says of itself. */
function isNamedOnly({ config, inbound_nodes: nodes }: JsonRecord): boolean {
  const isKeras3 = Array.isArray(nodes) && isRecord(nodes[0]);
  return isKeras3 && isRecord(config) && Object.keys(config).every((key) => key === "name");
}

/**
 * @param layer one for which isOperation holds
 * @param node the only one of its inbound nodes
 */
export function readOperation(layer: JsonRecord, node: unknown): OperationCall {
  const config = isRecord(layer["config"]) ? layer["config"] : {};
  if (isRecord(node)) {
    const settings = Object.entries({ ...config, ...keywordsOf(node) });
    return {
      name: String(layer["class_name"]),
      positional: Array.isArray(node["args"]) ? node["args"].map(keras3Argument) : [],
      named: Object.fromEntries(settings.map(([key, value]) => [key, keras3Argument(value)])),
    };
  }
  if (layer["class_name"] === TENSORFLOW_OP) {
    const tensors = Array.isArray(node) ? node : [];
    return readTensorFlowOp(config, tensors.map(keras2Argument));
  }
  return { name: String(config["function"]), ...keras2Call(node) };
}

function keywordsOf(node: JsonRecord): JsonRecord {
  return isRecord(node["kwargs"]) ? node["kwargs"] : {};
}

function keras3Argument(value: unknown): Argument {
  if (Array.isArray(value) && value.some(isKerasTensor)) {
    return { items: value.map(keras3Argument) };
  }
  if (!isKerasTensor(value)) return { value };
  const { keras_history: history } = value.config;
  const [layer, node] = Array.isArray(history) ? history : [];
  return { layer: String(layer ?? ""), node: Number(node ?? 0) };
}

function isKerasTensor(value: unknown): value is { readonly config: JsonRecord } {
  return isRecord(value) && value["class_name"] === "__keras_tensor__" && isRecord(value["config"]);
}

/** `["x", 0, 0, { y: 255 }]`; of a list of tensors, a list of those; of a constant first, `["_CONSTANT_VALUE", -1, 1, …]`. */
function keras2Call(node: unknown): Omit<OperationCall, "name"> {
  const all: readonly unknown[] = Array.isArray(node) ? node : [];
  const isOne = typeof all[0] === "string";
  const first = isOne ? all : Array.isArray(all[0]) ? all[0] : [];
  const named = Object.entries(isRecord(first[3]) ? first[3] : {});
  const positional = isOne ? keras2First(all) : { items: all.map((item) => keras2Argument(item)) };
  return {
    positional: [positional],
    named: Object.fromEntries(named.map(([key, value]) => [key, keras2Argument(value)])),
  };
}

function keras2First(call: readonly unknown[]): Argument {
  return call[0] === "_CONSTANT_VALUE"
    ? { value: call[2] }
    : { layer: String(call[0]), node: Number(call[1] ?? 0) };
}

/** A tensor is `["conv", 0, 0]`, also with keywords behind it. */
function keras2Argument(value: unknown): Argument {
  if (!Array.isArray(value)) return { value };
  const [name, node, index] = value;
  const isTensor =
    typeof name === "string" && typeof node === "number" && typeof index === "number";
  return isTensor ? keras2First(value) : { value };
}

/** The tensors that an operation takes, each time that it does. */
export function sourcesOf({ positional, named }: OperationCall): readonly Source[] {
  const all = (argument: Argument): readonly Source[] => {
    if ("layer" in argument) return [argument];
    return "items" in argument ? argument.items.flatMap(all) : [];
  };
  return [...positional, ...Object.values(named)].flatMap(all);
}
