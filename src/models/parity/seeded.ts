// Weights, images and labels from a hash, for comparisons with other libraries: test/keras/seeded.py makes the same ones,
// bit for bit. Not how a model is initialised for training.

import { type Shape, sizeOf } from "../../engine/core/shape.ts";
import { fansOf } from "../../engine/layers/initializers.ts";
import type { Weights } from "../../engine/layers/variables.ts";

/** Values of variables by `layer/variable`, of scales that neither die out nor explode over a hundred layers. */
export function seededWeights(
  variables: Iterable<{ readonly name: string; readonly tensor: { readonly shape: Shape } }>,
): Weights {
  const values = new Map<string, Float32Array<ArrayBuffer>>();
  for (const { name, tensor } of variables) values.set(name, seededWeight(name, tensor.shape));
  return values;
}

/** Uniform about the centre, that is 1 for a scale and 0 for all else. */
export function seededWeight(name: string, shape: Shape): Float32Array<ArrayBuffer> {
  const values = new Float32Array(sizeOf(shape));
  const { centre, half } = spreadOf(name, shape);
  const key = keyOf(name);
  for (let i = 0; i < values.length; i++) values[i] = centre + half * signed(wordOf(i, key));
  if (name.endsWith("/kernel")) pairRows(values, shape.at(-1) ?? 1);
  return values;
}

/**
 * Six inputs in eight get opposite weights in pairs. Otherwise what ReLUs have in common for all images would outgrow
 * what differs, layer by layer, and one class would win everywhere.
 */
function pairRows(values: Float32Array, outputs: number): void {
  for (let row = 1; row * outputs < values.length; row += 2) {
    if (row % 8 === 7) continue;
    const start = row * outputs;
    for (let i = start; i < start + outputs; i++) values[i] = -(values[i - outputs] ?? 0);
  }
}

/** Eight by eight patches of one colour with noise on them, (count, side, side, 3). */
export function seededImages(count: number, side: number): Float32Array<ArrayBuffer> {
  const images = new Float32Array(count * side * side * 3);
  const cells = Array.from({ length: side }, (_, i) => Math.floor((i * 8) / side));
  let at = 0;
  for (let n = 0; n < count; n++) {
    const [patches, noise] = [keyOf(`image${n}/patches`), keyOf(`image${n}/noise`)];
    for (let i = 0; i < side * side * 3; i++) {
      const [row = 0, column = 0] = [
        cells[Math.floor(i / (3 * side))],
        cells[Math.floor(i / 3) % side],
      ];
      const patch = signed(wordOf((row * 8 + column) * 3 + (i % 3), patches));
      images[at++] = 1.5 * patch + 0.5 * signed(wordOf(i, noise));
    }
  }
  return images;
}

export function seededLabels(count: number, classes: number): Uint32Array<ArrayBuffer> {
  const key = keyOf("labels");
  return Uint32Array.from({ length: count }, (_, i) => wordOf(i, key) % classes);
}

/** Where an array of `size` elements is looked at. */
export function seededPlaces(name: string, count: number, size: number): readonly number[] {
  const key = keyOf(`places/${name}`);
  return Array.from({ length: count }, (_, i) => Math.floor((wordOf(i, key) / 2 ** 32) * size));
}

interface Spread {
  readonly centre: number;
  /** Half the width of the distribution. */
  readonly half: number;
}

const SPREADS: Readonly<Record<string, Spread>> = {
  bias: { centre: 0, half: 0.1 },
  gamma: { centre: 1, half: 0.3 },
  beta: { centre: 0, half: 0.3 },
  moving_mean: { centre: 0, half: 0.3 },
  moving_variance: { centre: 1, half: 0.5 },
};

/** So that activations keep their size; little at the end of a residual branch, less where no ReLU follows. */
function spreadOf(name: string, shape: Shape): Spread {
  const [layer = "", variable = ""] = name.split("/");
  const spread = SPREADS[variable];
  if (spread) return spread;
  // What a channel convolved by itself sees is its window alone.
  const inputs = layer.endsWith("depthwise") ? sizeOf(shape.slice(0, 2)) : fansOf(shape)[0];
  return { centre: 0, half: Math.sqrt((3 * gainOf(layer)) / inputs) };
}

/** Kernels have this over the fan-in as their variance. */
function gainOf(layer: string): number {
  if (layer === "predictions" || layer === "head") return 1;
  if (layer.endsWith("_project")) return 0.5;
  return layer.endsWith("_3_conv") ? 0.15 : 2.75;
}

/** FNV-1a, 32 bits. */
function keyOf(name: string): number {
  let key = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) key = Math.imul(key ^ name.charCodeAt(i), 0x01000193);
  return key;
}

/** The hash lowbias32. Source: Wellons, hash-prospector. */
function mix(word: number): number {
  let x = word;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}

function wordOf(index: number, key: number): number {
  return mix(mix(index) ^ key) >>> 0;
}

/** A multiple of 2^−23 in [−1, 1). */
function signed(word: number): number {
  return (word >>> 8) * 2 ** -23 - 1;
}
