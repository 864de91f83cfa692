// The calls of a layer in a functional model, in the spellings of Keras 2 and 3: what each takes, and in which mode.

import { FormatError } from "../../engine/core/errors.ts";
import { isRecord, list, quote, record } from "./json-record.ts";

/** What a call gives. */
export interface Source {
  readonly layer: string;
  /** Which of the layer's calls, as the file counts them; a model within the model may have one that the file does not list. */
  readonly node: number;
}

export interface LayerCall {
  readonly inputs: readonly Source[];
  /** With `training=False`: does not drop, and uses the moving statistics. */
  readonly isInference: boolean;
}

interface ReadCall extends LayerCall {
  readonly isTraining: boolean;
}

/**
 * Keras 2: `[["conv1", 0, 0, {}], …]`; Keras 3: `{ args: [tensor] or [[tensor, …]], kwargs: {} }`. There the model's own mode
 * goes before what a call says: a call with `training=True` is none when the model predicts.
 */
export function readCall(node: unknown, where: string): ReadCall {
  if (isRecord(node)) {
    const { inputs: named, ...keywords } = record(node["kwargs"], where);
    const given = list(node["args"], where);
    const tensors = (given.length === 0 && named !== undefined ? [named] : given).flat();
    const inputs = tensors.map((tensor) => keras3Source(tensor, where));
    return { inputs, ...mode([keywords], where), isTraining: false };
  }
  const all = list(node, where);
  const tensors = typeof all[0] === "string" ? [all] : all.map((tensor) => list(tensor, where));
  const inputs = tensors.map((tensor) => sourceOf(tensor, where));
  const keywords = tensors.map(([, , , given]) => given ?? {});
  return { inputs, ...mode(keywords, where) };
}

/** Where a Keras 3 tensor comes from. */
function keras3Source(tensor: unknown, where: string): Source {
  const config = isRecord(tensor) && isRecord(tensor["config"]) ? tensor["config"] : {};
  const history = config["keras_history"];
  if (Array.isArray(history)) return sourceOf(history, where);
  throw new FormatError(`${where}: a layer must be called with tensors, got ${quote(tensor)}`);
}

/** Of `["conv1", 0, 0]`, layer, call, output: of layers that give one tensor. */
export function sourceOf(tensor: readonly unknown[], where: string): Source {
  const [layer, node, output = 0] = tensor;
  if (typeof layer !== "string") {
    throw new FormatError(`${where}: must name a layer, got ${quote(layer)}`);
  }
  if (!isCount(node ?? 0)) {
    const rule = "must tell a call of a layer by its number";
    throw new FormatError(`${where}: ${rule}, got ${quote(tensor.slice(0, 3))}`);
  }
  if (output === 0) return { layer, node: Number(node ?? 0) };
  const rule = "layers must give one tensor each";
  throw new FormatError(`${where}: ${rule}, got ${quote(tensor.slice(0, 3))}`);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Also of each tensor of a list: `mask=[None]`. */
function isNone(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.every(isNone));
}

/** What the call says, in the keywords of each of its tensors. */
function mode(keywords: readonly unknown[], where: string): Omit<ReadCall, "inputs"> {
  const given = keywords
    .flatMap((keyword) => Object.entries(record(keyword, where)))
    .filter(([, value]) => !isNone(value));
  const other = given.find(([key, value]) => key !== "training" || typeof value !== "boolean");
  if (other) {
    const got = `${other[0]}=${quote(other[1])}`;
    throw new FormatError(`${where}: a layer must be called with tensors and training, got ${got}`);
  }
  const isTraining = given.some(([, value]) => value === true);
  return { isTraining, isInference: given.length > 0 && !isTraining };
}
