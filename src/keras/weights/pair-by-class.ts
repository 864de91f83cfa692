// Pairs the layers of a Keras 3 file with the layers of a model, by class and number, `layers/conv2d_1` being the second
// convolution, as Keras does. A file and a model of which only one has a model within the model go together by names.

import { FormatError } from "../../engine/core/errors.ts";
import type { LayerPair, TargetLayer } from "./layer-pair.ts";
import { isNested, type LayerNode, placeLayers } from "./layer-places.ts";
import { LIST_LAYERS, otherCount, refuseOtherOrder } from "./pair-layers.ts";
import type { SavedLayer } from "./saved-weights.ts";

/**
 * Keras passes over weights that the model has no layer for; here they are a mistake, as in the older formats: every layer
 * of the file belongs to one of `targets` with weights, and the other way round.
 * @param targets all layers of the model, those without weights too, since they are counted
 */
export function pairByClass(
  path: string,
  saved: readonly SavedLayer[],
  targets: readonly TargetLayer[],
): readonly LayerPair[] {
  const filled = targets.filter(({ weights }) => weights.length > 0);
  if (saved.length !== filled.length) throw otherCount(path, saved, filled);
  const isWithin = filled.some(({ within = [] }) => within.length > 0);
  const inner =
    saved.some(isNested) === isWithin ? [] : saved.filter((s) => isWithin || isNested(s));
  const byName = pairsOfNames(path, inner, filled);
  const named = new Set(byName.map(({ target }) => target));
  const others = saved.filter((layer) => !inner.includes(layer));
  const byPlace = pairsOfPlaces(
    path,
    others,
    targets.filter((target) => !named.has(target)),
  );
  const order = new Map(filled.map((target, i) => [target, i]));
  const place = ({ target }: LayerPair) => order.get(target) ?? 0;
  const pairs = [...byName, ...byPlace].sort((a, b) => place(a) - place(b));
  refuseOtherOrder(path, pairs);
  return pairs;
}

function pairsOfNames(
  path: string,
  saved: readonly SavedLayer[],
  targets: readonly TargetLayer[],
): LayerPair[] {
  const free = new Map(targets.map((target) => [target.name, target]));
  return saved.map((layer) => {
    const target = layer.isNamed ? free.get(layer.name) : undefined;
    if (!target) throw stranger(path, layer);
    free.delete(layer.name);
    return { saved: layer, target };
  });
}

function pairsOfPlaces(
  path: string,
  saved: readonly SavedLayer[],
  targets: readonly TargetLayer[],
): LayerPair[] {
  if (saved.length === 0) return [];
  const places = placeLayers(saved, nodesOf(targets));
  if (!places) throw elsewhere(path, saved, targets);
  return saved.flatMap((layer) => {
    const target = places.get(layer);
    if (target && target.weights.length > 0) return [{ saved: layer, target }];
    throw elsewhere(path, saved, targets);
  });
}

/** The layers as the model and the models within it hold them. */
function nodesOf(targets: readonly TargetLayer[], depth = 0): LayerNode<TargetLayer>[] {
  const groups = new Map<string, { readonly first: TargetLayer; readonly all: TargetLayer[] }>();
  for (const target of targets) {
    const holder = target.within?.[depth];
    const key = holder ? `within ${holder.name}` : `layer ${target.name}`;
    const group = groups.get(key);
    if (group) group.all.push(target);
    else groups.set(key, { first: target, all: [target] });
  }
  return [...groups.values()].map(({ first, all }) => {
    const holder = first.within?.[depth];
    if (!holder) return { className: first.className, layer: first, nodes: [] };
    return { className: holder.className, layer: NO_LAYER, nodes: nodesOf(all, depth + 1) };
  });
}

/** Of a model, which has no weights but those of its layers. */
const NO_LAYER: TargetLayer = { name: "", className: "", weights: [] };

function stranger(path: string, layer: SavedLayer): FormatError {
  const rule = "layers of a model within the model must have names that the model knows";
  const got = layer.isNamed ? layer.name : "no name";
  return new FormatError(`${path}: ${rule}, got ${got} at ${layer.path}`, {
    help: "a whole model (.keras, .h5) tells what belongs where",
  });
}

function elsewhere(
  path: string,
  saved: readonly SavedLayer[],
  targets: readonly TargetLayer[],
): FormatError {
  const count = (className: string) => targets.filter((t) => t.className === className).length;
  const classes = [...new Set(targets.map(({ className }) => className))];
  const wanted = classes.map((className) => `${count(className)} ${className}`).join(", ");
  const places = saved.map((layer) => layer.path).join(", ");
  const rule = `must have the places that Keras numbers the model's layers by (${wanted})`;
  return new FormatError(`${path}: ${rule}, got ${places}`, LIST_LAYERS);
}
