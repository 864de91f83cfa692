// Where Keras's own formats (.keras, .weights.h5) put a layer: not under its name but under its class, counted within the
// model that holds it, `/layers/functional/layers/conv2d_1` being the second convolution of the first Functional.
//
// How they count, by saving_lib.py of each version:
//   2.12, 2.13   `_layer_checkpoint_dependencies`, which has every layer with weights twice: conv2d, conv2d_2, conv2d_4
//   2.14         `_layer_checkpoint_dependencies`, what was saved already counted once: conv2d, conv2d_1
//   2.15, 3.x    `layers`, counted once

import { snakeCase } from "../../engine/layers/net.ts";
import type { SavedLayer } from "./saved-weights.ts";

/** A layer among those of its model; a model within the model has nodes of its own. */
export interface LayerNode<T> {
  readonly className: string;
  readonly layer: T;
  readonly nodes: readonly LayerNode<T>[];
}

const CONTAINER = "layers";
/** Where versions before 2.15 look. */
export const OLD_ROOT = "/_layer_checkpoint_dependencies";
const OLD_CONTAINER = /\/_layer_checkpoint_dependencies(?=\/)/g;

/** How often the container holds a layer with weights; others it holds once. */
type Uses = 1 | 2;

/** Whether a layer belongs to a model within the model: `/layers/functional/layers/conv2d`. */
export function isNested({ path }: SavedLayer): boolean {
  return path.split("/").length > 3;
}

/** Numbers classes as Keras's container does: `conv2d`, `conv2d_1`, `dense`, … */
export function containerNames(classNames: readonly string[]): string[] {
  const nodes = classNames.map((className) => ({ className, layer: null, nodes: [] }));
  const places = [...placesOf(nodes, "", () => 1)];
  return places.map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
}

/**
 * The names that layers with weights have in the container of versions before 2.15, by their index: as 2.12 and 2.13 count, and
 * as 2.14 does where that leaves no name with two meanings. A class with three of them has such names; there the second one's of
 * 2.14 is missing as well, so that it refuses the file and reads no layer as another.
 */
export function oldContainerNames(
  layers: readonly { readonly className: string; readonly hasWeights: boolean }[],
): readonly (readonly [name: string, index: number])[] {
  const counts = new Map<string, number[]>();
  for (const [index, { className, hasWeights }] of layers.entries()) {
    if (!hasWeights) continue;
    const base = snakeCase(className);
    counts.set(base, [...(counts.get(base) ?? []), index]);
  }
  return [...counts].flatMap(([base, indices]) => {
    const doubled = indices.map((index, place) => [numbered(base, 2 * place), index] as const);
    const [, second] = indices;
    return indices.length === 2 && second !== undefined
      ? [...doubled, [numbered(base, 1), second] as const]
      : doubled;
  });
}

function numbered(base: string, number: number): string {
  return number === 0 ? base : `${base}_${number}`;
}

/**
 * The layers of a model that the layers of a file belong to. Null where the file has a layer in a place that is none of the
 * model's, and where two ways of counting find places that differ.
 */
export function placeLayers<T>(
  saved: readonly SavedLayer[],
  nodes: readonly LayerNode<T>[],
): ReadonlyMap<SavedLayer, T> | null {
  const isOld = saved.some(({ path }) => path.search(OLD_CONTAINER) >= 0);
  const readings = (isOld ? ([2, 1] as const) : ([1] as const)).flatMap(
    (uses) => reading(saved, nodes, uses) ?? [],
  );
  const [first, second] = readings;
  if (!first) return null;
  const isOne = !second || saved.every((layer) => first.get(layer) === second.get(layer));
  return isOne ? first : null;
}

function reading<T>(
  saved: readonly SavedLayer[],
  nodes: readonly LayerNode<T>[],
  uses: Uses,
): ReadonlyMap<SavedLayer, T> | null {
  const paths = saved.map(({ path }) => path.replace(OLD_CONTAINER, `/${CONTAINER}`));
  const isFilled = (path: string) => paths.some((p) => p === path || p.startsWith(`${path}/`));
  const count = (path: string): Uses => (uses === 2 && isFilled(path) ? 2 : 1);
  const places = new Map([...placesOf(nodes, "", count)].map(({ path, layer }) => [path, layer]));
  const found = new Map<SavedLayer, T>();
  for (const [i, layer] of saved.entries()) {
    const owner = places.get(paths[i] ?? "");
    if (owner !== undefined) found.set(layer, owner);
  }
  return found.size === saved.length ? found : null;
}

function* placesOf<T>(
  nodes: readonly LayerNode<T>[],
  parent: string,
  count: (path: string) => Uses,
): Generator<{ readonly path: string; readonly layer: T }> {
  const counts = new Map<string, number>();
  for (const { className, layer, nodes: inner } of nodes) {
    const base = snakeCase(className);
    const number = counts.get(base) ?? 0;
    const path = `${parent}/${CONTAINER}/${numbered(base, number)}`;
    counts.set(base, number + count(path));
    yield { path, layer };
    yield* placesOf(inner, path, count);
  }
}
