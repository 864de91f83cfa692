// The weights of Keras 1 and 2, and of Keras 3's legacy writer: a group a layer, named in `layer_names`, and in each the
// data sets named in `weight_names`. Official files are of this kind.
// https://github.com/keras-team/keras/blob/v2.15.0/keras/saving/legacy/hdf5_format.py

import type { Shape } from "../../engine/core/shape.ts";
import { type Hdf5File, join } from "../hdf5/file.ts";
import type { SavedLayer, SavedWeight, WeightFormat } from "./saved-weights.ts";

/** A whole model has the same below a group. */
export const LEGACY_ROOTS: readonly { readonly root: string; readonly format: WeightFormat }[] = [
  { root: "/", format: "legacy-weights" },
  { root: "/model_weights", format: "legacy-model" },
];

/** The backend whose convolutions turn their kernels, where all others correlate. */
const THEANO = "theano";

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
  const isTurned = file.text(root, "backend") === THEANO;
  const describe = isTurned ? describeTurned : describeLayer;
  const layers = names.map((name) => describe(file, name, join(root, name)));
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
  return {
    name,
    isNamed: true,
    path,
    weights: names.map((weight) => savedWeight(file, path, weight)),
  };
}

/** With the kernels of convolutions turned by 180°, as Keras 2 turns them on other backends (`convert_kernel`). */
function describeTurned(file: Hdf5File, name: string, path: string): SavedLayer {
  const layer = describeLayer(file, name, path);
  const [first, ...others] = layer.weights;
  if (first?.shape.length !== 4) return layer;
  const turned = { ...first, read: () => turnedKernel(first.read(), first.shape) };
  return { ...layer, weights: [turned, ...others] };
}

/** (kh, kw, in, out): both spatial axes the other way round. */
function turnedKernel(
  values: Float32Array<ArrayBuffer>,
  [kh = 1, kw = 1, ...rest]: Shape,
): Float32Array<ArrayBuffer> {
  const size = rest.reduce((product, length) => product * length, 1);
  const turned = new Float32Array(values.length);
  for (let place = 0; place < kh * kw; place++) {
    const from = values.subarray(place * size, (place + 1) * size);
    turned.set(from, (kh * kw - 1 - place) * size);
  }
  return turned;
}

export function savedWeight(file: Hdf5File, group: string, name: string): SavedWeight {
  const dataset = file.dataset(join(group, name));
  return { ...dataset, name, read: () => file.read(dataset.path) };
}
