// Pairs the layers of a Keras 3 file with the layers of a model: by class and number, `layers/conv2d_1` being the second
// convolution, as Keras 3 does. Models within the model are told apart by the names that newer files give.

import { FormatError } from "../../engine/core/errors.ts";
import { containerNames } from "./keras3-weights.ts";
import type { LayerPair, TargetLayer } from "./layer-pair.ts";
import { otherCount, refuseOtherOrder } from "./pair-layers.ts";
import type { SavedLayer } from "./saved-weights.ts";

/** Keras passes over weights that the model has no layer for; here they are a mistake, as in the older formats. */
export function pairByClass(
  path: string,
  saved: readonly SavedLayer[],
  targets: readonly TargetLayer[],
): readonly LayerPair[] {
  const inner = new Map<TargetLayer, SavedLayer>();
  for (const layer of saved.filter(isNested)) {
    const target = targets.find(({ name }) => name === layer.name);
    if (!target) throw stranger(path, layer);
    inner.set(target, layer);
  }
  const outer = targets.filter((target) => !inner.has(target));
  const byPath = new Map(saved.map((layer) => [layer.path, layer]));
  const names = containerNames(outer.map(({ className }) => className));
  const places = new Map(outer.map((target, i) => [target, `/layers/${names[i]}`]));
  if (saved.length !== targets.length) throw otherCount(path, saved, targets);
  const pairs = targets.map((target) => {
    const place = places.get(target) ?? "";
    const layer = inner.get(target) ?? byPath.get(place);
    if (!layer) throw missing(path, place, target);
    return { saved: layer, target };
  });
  refuseOtherOrder(path, pairs);
  return pairs;
}

/** `/layers/functional/layers/conv2d` */
function isNested({ path }: SavedLayer): boolean {
  return path.split("/").length > 3;
}

function stranger(path: string, layer: SavedLayer): FormatError {
  const rule = "layers of a model within the model must have names that the model knows";
  return new FormatError(`${path}: ${rule}, got ${layer.name} at ${layer.path}`);
}

function missing(path: string, place: string, target: TargetLayer): FormatError {
  return new FormatError(
    `${path}: ${place} must be there for layer ${target.name}, and is missing`,
  );
}
