// Keras's description of a model as JSON, in the spellings of Keras 1, 2 and 3, read into one plain form: layers, and who
// feeds whom. It knows no layer's options, and builds nothing.

import { FormatError } from "../../engine/core/errors.ts";
import { refuseTraining } from "./call-modes.ts";
import { refuseForeignLayer } from "./foreign-layers.ts";
import { isRecord, type JsonRecord, list, quote, record } from "./json-record.ts";
import { type LayerCall, readCall, type Source, sourceOf } from "./layer-calls.ts";
import type { OperationCall } from "./operation.ts";
import { isOperation, readOperation, sourcesOf } from "./operation-call.ts";
import { TENSORFLOW_OP } from "./tensorflow-op.ts";

export interface LayerSpec {
  readonly name: string;
  /** Among the model's layers, from 0. */
  readonly position: number;
  readonly className: string;
  /** The layer's options; for a model within the model, the model's own description. */
  readonly config: JsonRecord;
  /** Each time that it is called, in the file's order; empty in a Sequential, whose layers form a chain, and of an input. */
  readonly calls: readonly LayerCall[];
  /** What is called, where it is a function and no layer. */
  readonly operation?: OperationCall;
  /** Of the Keras that wrote the description, 2 or 3; null where that cannot be told. */
  readonly generation: Generation;
}

/** 2 stands for Keras 1 too. */
export type Generation = 2 | 3 | null;

export interface ModelSpec {
  readonly name: string;
  readonly isSequential: boolean;
  readonly trainable: boolean;
  readonly layers: readonly LayerSpec[];
  /** What the model starts from; null in a Sequential, and where it is not told. */
  readonly inputs: readonly Source[] | null;
  /** What gives the model's result; null in a Sequential. */
  readonly outputs: readonly Source[] | null;
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
  const generation = generationOf(description);
  const layers = list(own["layers"], `${where}: layers`).map((layer, i) =>
    readLayer(layer, { where: `${where}: layer #${i}`, position: i, isSequential, generation }),
  );
  const batchShape = isRecord(built) ? built["input_shape"] : own["build_input_shape"];
  return {
    name,
    isSequential,
    trainable: own["trainable"] !== false,
    layers,
    inputs:
      isSequential || own["input_layers"] === undefined
        ? null
        : ends(own["input_layers"], `${where}: input_layers`),
    outputs: isSequential ? null : ends(own["output_layers"], `${where}: output_layers`),
    batchShape,
  };
}

/** They spell the shape of an input differently, and where a file has both spellings it does not say. */
function generationOf(description: unknown): Generation {
  const text = JSON.stringify(description);
  const [isOld, isNew] = ["batch_input_shape", "batch_shape"].map((key) =>
    text.includes(`"${key}":`),
  );
  if (isOld === isNew) return null;
  return isOld ? 2 : 3;
}

interface Place {
  readonly where: string;
  readonly position: number;
  readonly isSequential: boolean;
  readonly generation: Generation;
}

function readLayer(
  value: unknown,
  { where, position, isSequential, generation }: Place,
): LayerSpec {
  const layer = record(value, where);
  const { class_name: className, config, inbound_nodes: inbound } = layer;
  if (typeof className !== "string") throw new FormatError(`${where}: must name its class`);
  const isModel = isModelClass(className);
  const options = Array.isArray(config) && isModel ? {} : record(config, where);
  // Of a node of TensorFlow's, the configuration has the name that it has in its graph.
  const [inner, outer] = [options["name"], layer["name"]];
  const name = className === TENSORFLOW_OP ? (outer ?? inner) : (inner ?? outer);
  if (typeof name !== "string") throw new FormatError(`${where}: must have a name`);
  const place = `${where} (${name})`;
  refuseForeignLayer(layer, place);
  const nodes = isSequential ? [] : list(inbound ?? [], `${where}: inbound_nodes`);
  if (isOperation(layer)) {
    const operation = readOperation(
      layer,
      nodes.length === 1 ? nodes[0] : refuseCalls(place, nodes),
    );
    const calls = [{ inputs: sourcesOf(operation), isInference: false }];
    return { name, position, className, config: options, operation, calls, generation };
  }
  const calls = nodes.map((node) => readCall(node, place));
  if (calls.some((call) => call.isTraining)) refuseTraining(layer, place);
  return { name, position, className, config: isModel ? layer : options, calls, generation };
}

function refuseCalls(place: string, nodes: readonly unknown[]): never {
  throw new FormatError(`${place}: a function must be called once, got ${nodes.length} calls`);
}

/** `[["dense", 0, 0]]`, or `["dense", 0, 0]` where there is one; `{ out: ["dense", 0, 0] }` of a model made with names. */
function ends(value: unknown, where: string): readonly Source[] {
  const all = isRecord(value) ? Object.values(value) : list(value, where);
  const entries = typeof all[0] === "string" ? [all] : all.map((entry) => list(entry, where));
  return entries.map((entry) => sourceOf(entry, where));
}

interface NestedLayer {
  readonly name: string;
  readonly className: string;
  readonly config: unknown;
}

/** Names, classes and descriptions of a model's layers, as far as they can be made out; nothing is refused. */
export function nestedLayers(description: unknown): readonly NestedLayer[] {
  const config = isRecord(description) ? description["config"] : undefined;
  const layers = isRecord(config) ? config["layers"] : config;
  if (!Array.isArray(layers)) return [];
  return layers.map((layer) => {
    const { class_name: className, config: own, name: outer } = isRecord(layer) ? layer : {};
    const name = (isRecord(own) ? own["name"] : undefined) ?? outer;
    return { name: plain(name), className: plain(className), config: layer };
  });
}

/** For what is only looked at. */
function plain(value: unknown): string {
  return typeof value === "string" ? value : "";
}
