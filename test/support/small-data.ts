// A small image set for tests of training: ten classes of blurred random patterns with noise, so that there is something
// to learn. Made from a seed; not a stand-in for Fashion-MNIST in any figure.

import type { Dataset } from "../../src/data/dataset.ts";
import { randomArray } from "./random.ts";

const SIZE = 28 * 28;

export function smallDataset(rows: number, seed = 1): Dataset {
  const patterns = Array.from({ length: 10 }, (_, label) => randomArray(49, 500 + label));
  const noise = randomArray(rows * SIZE, seed);
  const images = new Uint8Array(rows * SIZE);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = (row * 7 + seed) % 10;
    labels[row] = label;
    for (let i = 0; i < SIZE; i++) {
      const cell = Math.floor(i / 28 / 4) * 7 + Math.floor((i % 28) / 4);
      const value = 128 + 90 * (patterns[label]?.[cell] ?? 0) + 37 * (noise[row * SIZE + i] ?? 0);
      images[row * SIZE + i] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
  const classNames = Array.from({ length: 10 }, (_, label) => `class ${label}`);
  return {
    name: `small${seed}`,
    images,
    labels,
    rows,
    height: 28,
    width: 28,
    channels: 1,
    classNames,
  };
}

/** One image as the network sees it: 32×32, padded with zeros, in [0, 1]. */
export function paddedImage(dataset: Dataset, row: number): Float64Array {
  const image = new Float64Array(32 * 32);
  for (let i = 0; i < SIZE; i++) {
    const byte = dataset.images[row * SIZE + i] ?? 0;
    image[(Math.floor(i / 28) + 2) * 32 + (i % 28) + 2] = Math.fround(byte * Math.fround(1 / 255));
  }
  return image;
}
