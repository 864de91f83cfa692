// The weights of Keras 3 (`.weights.h5`, and within `.keras`): groups are named by class and number, `layers/conv2d_1`, and
// the weights in their `vars` by number. The layer's name, if it is there at all, is an attribute.
// https://github.com/keras-team/keras/blob/v3.9.2/keras/src/saving/saving_lib.py

import { snakeCase } from "../../engine/layers/net.ts";
import { nestedLayers } from "../config/model-config.ts";
import { type Hdf5File, join } from "../hdf5/file.ts";
import { savedWeight } from "./legacy-weights.ts";
import type { SavedLayer } from "./saved-weights.ts";

/** What `layers` was called in Keras 2.12 and 2.13. */
const OLD_LAYERS = "/_layer_checkpoint_dependencies";
/** State that is no weight of a layer: the optimiser's, metrics', and the seeds of dropout. */
const NO_LAYERS =
  /^\/(optimizer|[^/]*_metrics|_?metrics|_loss_tracker)(\/|$)|\/_?seed_generators?(\/|$)/;

/** Layers with weights; in the order of `order` first, as naturalOrder sorts them where that is silent. */
export function describeKeras3(file: Hdf5File, order: readonly string[] = []): SavedLayer[] {
  const places = new Map(order.map((path, i) => [path, i]));
  const place = (layer: SavedLayer) => places.get(layer.path) ?? order.length;
  return [...savedLayers(file, "/")].sort(
    (a, b) => place(a) - place(b) || naturalOrder(a.path, b.path),
  );
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
  return {
    name: file.text(vars, "name") ?? path.slice(path.lastIndexOf("/") + 1),
    path: path.startsWith(OLD_LAYERS) ? `/layers${path.slice(OLD_LAYERS.length)}` : path,
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

/** Numbers classes as Keras's container does: `conv2d`, `conv2d_1`, `dense`, … */
export function containerNames(classNames: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return classNames.map((className) => {
    const base = snakeCase(className);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    return count === 0 ? base : `${base}_${count}`;
  });
}

/** Paths of a model's layers, nested ones after their model, as the model's configuration orders them. */
export function pathsFromConfig(modelConfig: unknown, parent = ""): string[] {
  const layers = nestedLayers(modelConfig);
  const names = containerNames(layers.map(({ className }) => className));
  return layers.flatMap(({ config }, i) => {
    const path = `${parent}/layers/${names[i]}`;
    return [path, ...pathsFromConfig(config, path)];
  });
}
