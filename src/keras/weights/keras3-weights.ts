// The weights of Keras 3 (`.weights.h5`, and within `.keras`): groups are named by class and number, `layers/conv2d_1`, and
// the weights in their `vars` by number. The layer's name, if it is there at all, is an attribute, or the model's description
// tells it.
// https://github.com/keras-team/keras/blob/v3.9.2/keras/src/saving/saving_lib.py

import type { JsonRecord } from "../../models/architecture/json-record.ts";
import { isModelClass, nestedLayers } from "../../models/architecture/model-config.ts";
import { OwnNames } from "../../models/architecture/own-names.ts";
import { type Hdf5File, join } from "../hdf5/file.ts";
import { type LayerNode, OLD_ROOT, placeLayers } from "./layer-places.ts";
import { savedWeight } from "./legacy-weights.ts";
import type { SavedLayer } from "./saved-weights.ts";

/** State that is no weight of a layer: the optimiser's, metrics', and the seeds of dropout. */
const NO_LAYERS =
  /^\/(optimizer|[^/]*_metrics|_?metrics|_loss_tracker)(\/|$)|\/_?seed_generators?(\/|$)/;

/** Layers with weights, sorted by their places. */
export function describeKeras3(file: Hdf5File): SavedLayer[] {
  const all = [...savedLayers(file, "/")];
  const present = all.filter(({ path }) => path.startsWith("/layers/"));
  // Ours for TF-Keras have each layer under its names of older versions as well.
  const each = present.length > 0 ? all.filter(({ path }) => !path.startsWith(OLD_ROOT)) : all;
  return each.sort((a, b) => naturalOrder(a.path, b.path));
}

/**
 * The same with the names that the model's description has for them, in its order. Throws FormatError where file and
 * description call a layer differently; files whose places are none of the model's stay as they are.
 */
export function describeArchive(file: Hdf5File, modelConfig: JsonRecord): SavedLayer[] {
  const layers = describeKeras3(file);
  const places = placeLayers(layers, nodesOf(modelConfig, { next: 0, names: new OwnNames() }, []));
  if (!places) return layers;
  const named = layers.map((layer) => {
    const unknown = { name: layer.name, own: layer.name, order: layers.length };
    const { name, own, order } = places.get(layer) ?? unknown;
    if (layer.isNamed && layer.name !== name) {
      throw file.error(layer.path, `must be of layer ${name} as in config.json, got ${layer.name}`);
    }
    return { order, layer: { ...layer, name: own, isNamed: true } };
  });
  return named.sort((a, b) => a.order - b.order).map(({ layer }) => layer);
}

function* savedLayers(file: Hdf5File, path: string): Generator<SavedLayer> {
  for (const child of file.children(path)) {
    if (file.isDataset(child) || NO_LAYERS.test(child)) continue;
    if (child !== join(path, "vars")) {
      yield* savedLayers(file, child);
      continue;
    }
    const layer = describeLayer(file, path, child);
    if (layer.weights.length > 0) yield layer;
  }
}

function describeLayer(file: Hdf5File, path: string, vars: string): SavedLayer {
  const names = file.children(vars).map((child) => child.slice(vars.length + 1));
  const numbers = names.map((_, i) => String(i));
  const missing = numbers.find((number) => !names.includes(number));
  if (missing !== undefined) throw file.error(join(vars, missing), "must be there, and is missing");
  const name = file.text(vars, "name");
  return {
    name: name ?? path.slice(path.lastIndexOf("/") + 1),
    isNamed: name !== undefined,
    path,
    weights: numbers.map((number) => savedWeight(file, vars, number)),
  };
}

/** `conv2d`, `conv2d_1`, `conv2d_2`, `conv2d_10`, `dense`. */
function naturalOrder(a: string, b: string): number {
  const [stemA, numberA] = numbered(a);
  const [stemB, numberB] = numbered(b);
  if (stemA !== stemB) return stemA < stemB ? -1 : 1;
  return numberA - numberB;
}

function numbered(path: string): readonly [stem: string, number: number] {
  const [, stem = path, digits = "0"] = /^(.*)_(\d+)$/.exec(path) ?? [];
  return [stem, Number(digits)];
}

interface Described {
  readonly name: string;
  /** What it is called here. */
  readonly own: string;
  /** Place in the list of all layers, those of models within the model after their model. */
  readonly order: number;
}

interface Counter {
  next: number;
  readonly names: OwnNames;
}

function nodesOf(
  modelConfig: unknown,
  counter: Counter,
  within: readonly string[],
): LayerNode<Described>[] {
  return nestedLayers(modelConfig).map(({ name, className, config }) => {
    // As the model is built: inputs and models have no variables of their own.
    const isLayer = className !== "InputLayer" && !isModelClass(className);
    const own = (isLayer ? counter.names.of(name, within) : null) ?? name;
    return {
      className,
      layer: { name, own, order: counter.next++ },
      nodes: nodesOf(config, counter, [...within, name]),
    };
  });
}
