// Which weight of a file goes to which variable of a model, by Keras's rules for load_weights: by order (the default, names
// ignored) or by name. Everything is checked before the first value is read. It changes no model.

import { FormatError } from "../../engine/core/errors.ts";
import { formatShape, type Shape, sameShape } from "../../engine/core/shape.ts";
import type { NamedValues } from "../../engine/layers/variables.ts";
import type { LayerPair, TargetLayer } from "./layer-pair.ts";
import { pairByClass } from "./pair-by-class.ts";
import { flattenNested, LIST_LAYERS, pairByName, pairByOrder } from "./pair-layers.ts";
import type { SavedLayer, SavedWeight, WeightFile } from "./saved-weights.ts";

export interface AssignOptions {
  /**
   * `order`: every layer of the model gets its weights, and the file has no other ones; Keras's default. `name`: layers of
   * the same name do, others keep what they have; Keras's by_name=True.
   */
  readonly by?: "order" | "name";
}

export interface Assignment {
  /** `conv1/kernel` */
  readonly variable: string;
  readonly layer: string;
  readonly weight: SavedWeight;
}

type Source = Pick<WeightFile, "path" | "format" | "layers">;

/** Variable names and values, one read after another as they are asked for: at most one is held here. */
export function assignWeights(
  file: Source,
  layers: readonly TargetLayer[],
  options: AssignOptions = {},
): Iterable<NamedValues> {
  return readAssigned(file, matchWeights(file, layers, options));
}

/** The assignments alone, from names and shapes. Throws FormatError for a file that does not fit the model. */
export function matchWeights(
  file: Source,
  layers: readonly TargetLayer[],
  { by = "order" }: AssignOptions = {},
): readonly Assignment[] {
  const targets = layers.filter((layer) => layer.weights.length > 0);
  const saved = file.layers.filter((layer) => layer.weights.length > 0);
  const isByClass = by === "order" && !file.format.startsWith("legacy");
  const paired = isByClass
    ? pairByClass(file.path, saved, layers)
    : pairs(file, saved, { targets, by });
  return paired.flatMap((pair, i) => weightPairs(file, pair, i));
}

function pairs(
  file: Source,
  saved: readonly SavedLayer[],
  { targets, by }: { readonly targets: readonly TargetLayer[]; readonly by: "order" | "name" },
): readonly LayerPair[] {
  const flat = flattenNested(saved, targets);
  return by === "name"
    ? pairByName(file.path, flat, targets)
    : pairByOrder(file.path, flat, targets);
}

function weightPairs(file: Source, { saved, target }: LayerPair, index: number): Assignment[] {
  const where = `${file.path}: layer #${index} (${target.name} in the model, ${saved.name} in the file)`;
  const [wanted, found] = [target.weights, saved.weights];
  if (wanted.length !== found.length) {
    const rule = `must have ${wanted.length} weights, got ${found.length}`;
    throw new FormatError(`${where}: ${rule}`, LIST_LAYERS);
  }
  return wanted.map(({ name, shape }, i) => {
    const weight = found[i];
    if (!weight) throw new FormatError(`${where}: weight ${name} is missing`);
    const [own, other] = [roleOf(name), roleOf(weight.name)];
    if (own !== other && own !== null && other !== null) {
      throw new FormatError(`${where}: weight #${i} must be the ${own}, got the ${other}`);
    }
    if (!sameShape(shape, weight.shape)) {
      const rule = `must be ${formatShape(shape)}, got ${formatShape(weight.shape)}`;
      throw new FormatError(`${where}: weight ${name} ${rule}`, LIST_LAYERS);
    }
    return { variable: name, layer: target.name, weight };
  });
}

const ROLES: ReadonlySet<string> = new Set([
  "kernel",
  "bias",
  "gamma",
  "beta",
  "moving_mean",
  "moving_variance",
]);

/** What the weight is in its layer, where its name says so in Keras's words: `conv1/kernel:0` is the kernel. */
function roleOf(name: string): string | null {
  const role = name.slice(name.lastIndexOf("/") + 1).replace(/:\d+$/, "");
  return ROLES.has(role) ? role : null;
}

function* readAssigned(file: Source, assignments: readonly Assignment[]): Generator<NamedValues> {
  for (const { variable, weight } of assignments) {
    const values = isCount(weight) ? new Float32Array(1) : weight.read();
    checkFinite(values, { where: `${file.path}: weight ${variable}`, shape: weight.shape });
    yield [variable, values];
  }
}

/** How much data a Normalization layer has seen: an integer that no output depends on, and not read. */
function isCount({ shape, dtype }: SavedWeight): boolean {
  return shape.length === 0 && /^u?int/.test(dtype);
}

interface Named {
  readonly where: string;
  readonly shape: Shape;
}

/** A model with one such weight gives NaN everywhere, and says nothing about why. */
function checkFinite(values: Float32Array, { where, shape }: Named): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    // NaN and the infinities are what a difference with itself does not turn into zero.
    if (value - value !== 0) {
      const place = formatShape(indexOf(i, shape));
      throw new FormatError(`${where}: must be finite, got ${value} at ${place}`);
    }
  }
}

/** Of the i-th element in row-major order. */
function indexOf(i: number, shape: Shape): number[] {
  let rest = i;
  const index = shape.toReversed().map((extent) => {
    const place = rest % extent;
    rest = Math.floor(rest / extent);
    return place;
  });
  return index.reverse();
}
