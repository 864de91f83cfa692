// Keras's description of a model as JSON, in the spellings of Keras 1, 2 and 3, read into one plain form: layers, and who
// feeds whom. It knows no layer's options, and builds nothing.

import { FormatError } from "../../engine/core/errors.ts";

export type JsonRecord = Readonly<Record<string, unknown>>;

export interface LayerSpec {
  readonly name: string;
  readonly className: string;
  /** The layer's options; for a model within the model, the model's own description. */
  readonly config: JsonRecord;
  /** Names of the layers that it takes its inputs from; null in a Sequential, whose layers form a chain. */
  readonly inputs: readonly string[] | null;
  /** Called with `training=False`: does not drop, and uses the moving statistics. */
  readonly isInference: boolean;
}

export interface ModelSpec {
  readonly name: string;
  readonly isSequential: boolean;
  readonly trainable: boolean;
  readonly layers: readonly LayerSpec[];
  /** Names of the layers that give the model's result; null in a Sequential. */
  readonly outputs: readonly string[] | null;
  /** Of a batch, where the model itself knows it. */
  readonly batchShape: unknown;
}

const SEQUENTIAL = "Sequential";
const FUNCTIONAL: ReadonlySet<string> = new Set(["Functional", "Model"]);

export function isModelClass(className: string): boolean {
  return className === SEQUENTIAL || FUNCTIONAL.has(className);
}

/** Throws FormatError, naming `where`, for what is no JSON object. */
export function parseConfig(text: string, where: string): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(text, withoutTuples);
  } catch (cause) {
    throw new FormatError(`${where}: must be JSON, got ${quote(text)}`, { cause });
  }
  if (isRecord(value)) return value;
  throw new FormatError(`${where}: must be a JSON object, got ${quote(text)}`);
}

/** Keras 2 writes a tuple as `{ class_name: "__tuple__", items: […] }`. */
function withoutTuples(_key: string, value: unknown): unknown {
  return isRecord(value) && value["class_name"] === "__tuple__" ? value["items"] : value;
}

/** Throws FormatError for a model that is neither Sequential nor Functional, or described in an unknown way. */
export function readModelSpec(description: unknown, where: string): ModelSpec {
  const { class_name: className, config, build_config: built } = record(description, where);
  if (typeof className !== "string" || !isModelClass(className)) {
    const got = quote(className);
    throw new FormatError(`${where}: a model must be Sequential or Functional, got ${got}`);
  }
  const isSequential = className === SEQUENTIAL;
  // Before Keras 2.3, a Sequential was no more than its layers.
  const own: JsonRecord = Array.isArray(config) ? { layers: config } : record(config, where);
  const name = typeof own["name"] === "string" ? own["name"] : "model";
  const layers = list(own["layers"], `${where}: layers`).map((layer, i) =>
    readLayer(layer, { where: `${where}: layer #${i}`, isSequential }),
  );
  const batchShape = isRecord(built) ? built["input_shape"] : own["build_input_shape"];
  return {
    name,
    isSequential,
    trainable: own["trainable"] !== false,
    layers,
    outputs: isSequential ? null : ends(own["output_layers"], `${where}: output_layers`),
    batchShape,
  };
}

interface Place {
  readonly where: string;
  readonly isSequential: boolean;
}

function readLayer(value: unknown, { where, isSequential }: Place): LayerSpec {
  const layer = record(value, where);
  const { class_name: className, config, inbound_nodes: nodes } = layer;
  if (typeof className !== "string") throw new FormatError(`${where}: must name its class`);
  const isModel = isModelClass(className);
  const options = Array.isArray(config) && isModel ? {} : record(config, where);
  const name = options["name"] ?? layer["name"];
  if (typeof name !== "string") throw new FormatError(`${where}: must have a name`);
  const calls = isSequential ? [] : list(nodes ?? [], `${where}: inbound_nodes`);
  if (calls.length > 1) {
    const rule = "a layer must be used once";
    throw new FormatError(`${where} (${name}): ${rule}, got ${calls.length} uses`);
  }
  const call = calls.length === 0 ? NO_CALL : readCall(calls[0], `${where} (${name})`);
  const inputs = isSequential ? null : call.inputs;
  const own = isModel ? layer : options;
  return { name, className, config: own, inputs, isInference: call.isInference };
}

interface Call {
  readonly inputs: readonly string[];
  readonly isInference: boolean;
}

const NO_CALL: Call = { inputs: [], isInference: false };

/** Keras 2: `[["conv1", 0, 0, {}], …]`; Keras 3: `{ args: [tensor] or [[tensor, …]], kwargs: {} }`. */
function readCall(node: unknown, where: string): Call {
  if (isRecord(node)) {
    const tensors = list(node["args"], where).flat();
    return {
      inputs: tensors.map((tensor) => source(tensor, where)),
      ...mode(node["kwargs"], where),
    };
  }
  const all = list(node, where);
  const tensors = typeof all[0] === "string" ? [all] : all.map((tensor) => list(tensor, where));
  const inputs = tensors.map(([name]) => text(name, where));
  return { inputs, ...mode(tensors[0]?.[3] ?? {}, where) };
}

/** The layer that a Keras 3 tensor comes from. */
function source(tensor: unknown, where: string): string {
  const config = isRecord(tensor) && isRecord(tensor["config"]) ? tensor["config"] : {};
  const history = config["keras_history"];
  if (!Array.isArray(history)) {
    throw new FormatError(`${where}: a layer must be called with tensors, got ${quote(tensor)}`);
  }
  return text(history[0], where);
}

function mode(keywords: unknown, where: string): { readonly isInference: boolean } {
  const given = Object.entries(record(keywords, where)).filter(([, value]) => value !== null);
  const other = given.find(([key, value]) => key !== "training" || typeof value !== "boolean");
  if (!other) return { isInference: given.some(([, value]) => value === false) };
  const got = `${other[0]}=${quote(other[1])}`;
  throw new FormatError(`${where}: a layer must be called with tensors and training, got ${got}`);
}

/** `[["dense", 0, 0]]`, or `["dense", 0, 0]` where there is one. */
function ends(value: unknown, where: string): readonly string[] {
  const all = list(value, where);
  const entries = typeof all[0] === "string" ? [all] : all.map((entry) => list(entry, where));
  return entries.map(([name]) => text(name, where));
}

/** Classes and descriptions of a model's layers, as far as they can be made out; nothing is refused. */
export function nestedLayers(
  description: unknown,
): readonly { readonly className: string; readonly config: unknown }[] {
  const config = isRecord(description) ? description["config"] : undefined;
  const layers = isRecord(config) ? config["layers"] : config;
  if (!Array.isArray(layers)) return [];
  return layers.map((layer) => {
    const className = isRecord(layer) ? layer["class_name"] : undefined;
    return { className: typeof className === "string" ? className : "", config: layer };
  });
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function record(value: unknown, where: string): JsonRecord {
  if (isRecord(value)) return value;
  throw new FormatError(`${where}: must be an object, got ${quote(value)}`);
}

function list(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new FormatError(`${where}: must be a list, got ${quote(value)}`);
}

function text(value: unknown, where: string): string {
  if (typeof value === "string") return value;
  throw new FormatError(`${where}: must name a layer, got ${quote(value)}`);
}

export function quote(value: unknown): string {
  const json = JSON.stringify(value) ?? "nothing";
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
