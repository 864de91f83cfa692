// Another last layer for a model that Keras's description gives, as it is put on for other classes: the last dense layer gets as
// many units, and what stands before it can be held fixed. The description stays Keras's own, in whatever spelling it came.

import { isRecord, type JsonRecord } from "./json-record.ts";
import { isModelClass } from "./model-config.ts";

export interface NewHead {
  readonly description: JsonRecord;
  /** The layer that has other units now; null where the model does not end in a dense layer, and needs one behind it. */
  readonly replaced: string | null;
}

/** What may stand behind the last dense layer. */
const CURVES: ReadonlySet<string> = new Set(["Activation", "Softmax"]);

/** `units`: of the new layer; null leaves it as it is. `isFrozen`: every other layer is held fixed. */
export function withNewHead(
  description: JsonRecord,
  { units, isFrozen }: { readonly units: number | null; readonly isFrozen: boolean },
): NewHead {
  const copy = structuredClone(description);
  const found = lastDense(copy);
  if (isFrozen) freezeAllBut(copy, found?.layer ?? null);
  if (units !== null && found) {
    const { config } = found.layer;
    if (isRecord(config)) {
      Object.assign(config, { units });
      if (!found.isFollowed) Object.assign(config, { activation: "softmax" });
    }
  }
  return { description: copy, replaced: found ? nameOf(found.layer) : null };
}

interface LastDense {
  readonly layer: JsonRecord;
  /** By an activation, which is kept. */
  readonly isFollowed: boolean;
}

function lastDense(model: JsonRecord): LastDense | null {
  const layers = layersOf(model);
  const byName = new Map(layers.map((layer) => [nameOf(layer), layer]));
  let layer = byName.get(outputOf(model) ?? "") ?? layers.at(-1);
  let isFollowed = false;
  while (layer) {
    const className = String(layer["class_name"]);
    if (isModelClass(className)) return lastDense(layer);
    if (className === "Dense") return { layer, isFollowed };
    if (!CURVES.has(className)) return null;
    isFollowed = true;
    const here = layer;
    const index = layers.indexOf(here);
    layer = byName.get(inputOf(here) ?? "") ?? layers[index - 1];
  }
  return null;
}

/** Also in models within the model, whose last layer it may be. */
function freezeAllBut(model: JsonRecord, head: JsonRecord | null): void {
  for (const layer of layersOf(model)) {
    if (layer === head) continue;
    if (isModelClass(String(layer["class_name"]))) freezeAllBut(layer, head);
    else if (isRecord(layer["config"])) Object.assign(layer["config"], { trainable: false });
  }
}

function layersOf(model: JsonRecord): readonly JsonRecord[] {
  const { config } = model;
  const layers = isRecord(config) ? config["layers"] : config;
  return Array.isArray(layers) ? layers.filter(isRecord) : [];
}

function nameOf({ name, config }: JsonRecord): string {
  const own = isRecord(config) ? config["name"] : undefined;
  return String(own ?? name ?? "");
}

/** Of a Functional: the layer that its result comes from. */
function outputOf({ config }: JsonRecord): string | null {
  const ends: unknown = isRecord(config) ? config["output_layers"] : undefined;
  return firstName(ends);
}

/** Of a layer of a Functional: the one that feeds it. */
function inputOf({ inbound_nodes: nodes }: JsonRecord): string | null {
  const [call] = Array.isArray(nodes) ? nodes : [];
  if (Array.isArray(call)) return firstName(call);
  const text = JSON.stringify(call ?? null);
  return /"keras_history":\["([^"]+)"/.exec(text)?.[1] ?? null;
}

/** Of `["dense", 0, 0]`, however deep in lists. */
function firstName(value: unknown): string | null {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? firstName(value[0]) : null;
}
