// Pairs the layers of a file with the layers of a model, by order or by name, as Keras does for files that tell the order
// (legacy-weights.ts). Shapes are compared elsewhere.

import { FormatError } from "../../engine/core/errors.ts";
import { isCalled, type LayerPair, type TargetLayer } from "./layer-pair.ts";
import type { SavedLayer, SavedWeight } from "./saved-weights.ts";

/** What helps where a file and a model do not go together. */
export const LIST_LAYERS = {
  help: "compare the layers of the file with those of the model",
  remedies: ["h5"],
};

/** The k-th with the k-th, whatever their names; but the same names in another order are a mistake that Keras misses. */
export function pairByOrder(
  path: string,
  saved: readonly SavedLayer[],
  targets: readonly TargetLayer[],
): readonly LayerPair[] {
  if (saved.length !== targets.length) throw otherCount(path, saved, targets);
  const pairs = targets.flatMap((target, i) => {
    const layer = saved[i];
    return layer ? [{ saved: layer, target }] : [];
  });
  refuseOtherOrder(path, pairs);
  return pairs;
}

/** Layers of the file that no layer of the model is called like are left out; but all of them cannot be meant. */
export function pairByName(
  path: string,
  saved: readonly SavedLayer[],
  targets: readonly TargetLayer[],
): readonly LayerPair[] {
  const byName = new Map(targets.map((target) => [target.name, target]));
  const pairs = saved.flatMap((layer) => {
    const target = layer.isNamed ? byName.get(layer.name) : undefined;
    return target ? [{ saved: layer, target }] : [];
  });
  if (pairs.length > 0) return pairs;
  const isNamed = saved.some((layer) => layer.isNamed);
  const got = `${isNamed ? listed(saved) : "no names"} for ${listed(targets)}`;
  throw new FormatError(`${path}: must share names of layers with the model, got ${got}`);
}

/** All is named alike, only in another order: equal shapes would hide that every weight went to the wrong place. */
export function refuseOtherOrder(path: string, pairs: readonly LayerPair[]): void {
  const names = new Set(pairs.map(({ target }) => target.name));
  if (!pairs.every(({ saved }) => saved.isNamed)) return;
  if (!pairs.every(({ saved }) => names.has(saved.name))) return;
  const index = pairs.findIndex(({ saved, target }) => !isCalled(target, saved.name));
  const pair = pairs[index];
  if (!pair) return;
  const got = `${pair.saved.name} as layer #${index}, where the model has ${pair.target.name}`;
  throw new FormatError(`${path}: layers must be in the model's order, got ${got}`, {
    help: "loading by name does not depend on the order",
  });
}

export function otherCount(
  path: string,
  saved: readonly SavedLayer[],
  targets: readonly TargetLayer[],
): FormatError {
  const wanted = `must have the model's ${targets.length} layers with weights`;
  const names = new Set(targets.map(({ name }) => name));
  const known = new Set(saved.map(({ name }) => name));
  const extra = saved.filter(({ name }) => !names.has(name));
  const missing = targets.filter(({ name }) => !known.has(name));
  const share = extra.length < saved.length && saved.every(({ isNamed }) => isNamed);
  const more = share && extra.length > 0 ? `, ${listed(extra)} more than the model` : "";
  const less = share && missing.length > 0 ? `, ${listed(missing)} not among them` : "";
  return new FormatError(`${path}: ${wanted}, got ${saved.length}${more}${less}`, {
    ...LIST_LAYERS,
  });
}

/** `fc1, fc2, predictions and 12 others` */
function listed(layers: readonly { readonly name: string }[]): string {
  const shown = layers.slice(0, 3).map(({ name }) => name);
  const rest = layers.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} others` : shown.join(", ");
}

/**
 * A model within a model is saved as one layer, all its trainable weights first and then the others, or layer by layer where
 * it was frozen. Taken apart by the names of the weights, both give the same layers; those go where the model has them.
 */
export function flattenNested(
  layers: readonly SavedLayer[],
  targets: readonly TargetLayer[],
): readonly SavedLayer[] {
  const parts = layers.map((layer) => rolesTaken(layer, targets) ?? innerLayers(layer, targets));
  if (parts.every((inner) => inner.length === 1)) return layers;
  const flat = parts.flat();
  const places = new Map(targets.map(({ name }, i) => [name, i]));
  const inner = new Set(parts.filter((part) => part.length > 1).flat());
  if (![...inner].every(({ name }) => places.has(name))) return flat;
  // The named ones take their places, the others what is left, in their order.
  const slots: (SavedLayer | undefined)[] = targets.map(() => undefined);
  for (const layer of inner) slots[places.get(layer.name) ?? 0] = layer;
  const others = flat.filter((layer) => !inner.has(layer));
  const filled = slots.flatMap((slot) => slot ?? others.shift() ?? []);
  return [...filled, ...others];
}

/**
 * Keras 3.0 calls the weights of a model within the model by their roles alone: `kernel`, `bias`, `gamma`. It can save them only
 * where no role comes twice, so each goes to the one layer that has it. Null for any other layer.
 */
function rolesTaken(layer: SavedLayer, targets: readonly TargetLayer[]): SavedLayer[] | null {
  const inner = targets.filter(({ within = [] }) => within[0]?.name === layer.name);
  const saved = new Map(layer.weights.map((weight) => [weight.name, weight]));
  if (inner.length === 0 || layer.weights.some(({ name }) => name.includes("/"))) return null;
  const parts = inner.map(({ name, weights }) => ({
    ...{ name, isNamed: true, path: layer.path },
    weights: weights.flatMap((weight) => {
      const role = weight.name.slice(weight.name.lastIndexOf("/") + 1);
      const found = saved.get(role);
      saved.delete(role);
      return found ?? [];
    }),
  }));
  return saved.size === 0 ? parts : null;
}

function innerLayers(layer: SavedLayer, targets: readonly TargetLayer[]): SavedLayer[] {
  const groups = new Map<string, SavedWeight[]>();
  for (const weight of layer.weights) {
    const owner = weight.name.slice(0, Math.max(0, weight.name.lastIndexOf("/")));
    groups.set(owner, [...(groups.get(owner) ?? []), weight]);
  }
  if (groups.size <= 1) return [layer];
  const inner = targets.filter(({ within = [] }) => within[0]?.name === layer.name);
  return [...groups].map(([owner, weights]) => ({
    name: nameOf(owner.slice(owner.lastIndexOf("/") + 1), inner),
    isNamed: true,
    path: layer.path,
    weights,
  }));
}

/** What a layer of a model within the model is called here, where only one can be meant. */
function nameOf(saved: string, inner: readonly TargetLayer[]): string {
  const [found, ...more] = inner.filter((target) => isCalled(target, saved));
  return found && more.length === 0 ? found.name : saved;
}
