// The weights of Keras 1 and 2, and of Keras 3's legacy writer: a group a layer, named in `layer_names`, and in each the
// data sets named in `weight_names`. Official files are of this kind.
// https://github.com/keras-team/keras/blob/v2.15.0/keras/saving/legacy/hdf5_format.py

import { type Hdf5File, join } from "../hdf5/file.ts";
import type { SavedLayer, SavedWeight, WeightFormat } from "./saved-weights.ts";

/** A whole model has the same below a group. */
export const LEGACY_ROOTS: readonly { readonly root: string; readonly format: WeightFormat }[] = [
  { root: "/", format: "legacy-weights" },
  { root: "/model_weights", format: "legacy-model" },
];

/** Weights of the model itself, beside those of its layers; almost always none. */
const TOP_LEVEL = "top_level_model_weights";

export interface LegacyDescription {
  readonly kerasVersion: string | null;
  readonly layers: readonly SavedLayer[];
}

/** Undefined where the group is none of this kind. */
export function describeLegacy(file: Hdf5File, root: string): LegacyDescription | undefined {
  if (!file.hasGroup(root)) return undefined;
  const names = file.texts(root, "layer_names");
  if (!names) return undefined;
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw file.error(`${root}@layer_names`, `must name each layer once, got ${twice} twice`);
  }
  const layers = names.map((name) => describeLayer(file, name, join(root, name)));
  const own = join(root, TOP_LEVEL);
  if (file.hasGroup(own)) {
    const layer = describeLayer(file, TOP_LEVEL, own);
    if (layer.weights.length > 0) layers.push(layer);
  }
  return { kerasVersion: file.text(root, "keras_version") ?? null, layers };
}

function describeLayer(file: Hdf5File, name: string, path: string): SavedLayer {
  if (!file.hasGroup(path)) throw file.error(path, "must be there, and is missing");
  const names = file.texts(path, "weight_names");
  if (!names) throw file.error(`${path}@weight_names`, "must be there, and is missing");
  return { name, path, weights: names.map((weight) => savedWeight(file, path, weight)) };
}

export function savedWeight(file: Hdf5File, group: string, name: string): SavedWeight {
  const dataset = file.dataset(join(group, name));
  return { ...dataset, name, read: () => file.read(dataset.path) };
}
