// A tensor as a few small planes of bytes: what an eye sees of maps, filters and matrices, at a hundredth of its size as JSON.

import { type Shape, sizeOf } from "../../engine/core/shape.ts";
import { base64Of } from "../../format/base64.ts";
import type { Values } from "../walk.ts";
import type { PictureView } from "./inspector-document.ts";

/** How a tensor's axes are to be read: (N, H, W, C), (H, W, in, out), or as rows and columns. */
export type Reading = "maps" | "filters" | "matrix";

const MOST_PLANES = 16;
const MOST_PIXELS = 64;
const LONGEST_ROW = 256;

interface Planes {
  readonly height: number;
  readonly width: number;
  readonly names: readonly string[];
  readonly at: (plane: number, row: number, column: number) => number;
}

/** Null for what is no picture: scalars, long vectors. `bytes`: how large it may be. */
export function pictureOf(
  values: Values,
  shape: Shape,
  { reading, bytes }: { readonly reading: Reading; readonly bytes: number },
): PictureView | null {
  const planes = planesOf(values, shape, reading);
  if (!planes || sizeOf(shape) === 0) return null;
  const side = Math.max(
    8,
    Math.min(MOST_PIXELS, Math.floor(Math.sqrt(bytes / planes.names.length))),
  );
  const [height, width] = [
    Math.min(side, planes.height),
    Math.min(sideways(planes, side), planes.width),
  ];
  const fitting = Math.max(1, Math.floor(bytes / (height * width)));
  const names = planes.names.slice(0, fitting);
  const means = new Float64Array(names.length * height * width);
  let at = 0;
  for (const plane of names.keys()) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        means[at++] = meanOf(planes, plane, [row, height], [column, width]);
      }
    }
  }
  let limit = 0;
  for (const mean of means) if (Number.isFinite(mean)) limit = Math.max(limit, Math.abs(mean));
  const quantised = Uint8Array.from(means, (mean) => quantise(mean, limit));
  return {
    ...{ height, width, planes: names, limit },
    hasSigns: means.some((mean) => mean < 0),
    bytes: base64Of(quantised),
  };
}

/** A single row of numbers may be longer than a map is wide. */
function sideways({ height }: Planes, side: number): number {
  return height === 1 ? LONGEST_ROW : side;
}

/** 0 is -limit, 128 zero, 255 +limit. */
function quantise(value: number, limit: number): number {
  if (!Number.isFinite(value) || limit === 0) return 128;
  const share = value / limit;
  return Math.round(128 + (share < 0 ? 128 : 127) * share);
}

type Part = readonly [index: number, of: number];

/** Of what falls into one pixel. */
function meanOf(planes: Planes, plane: number, [row, rows]: Part, [column, columns]: Part): number {
  const from = (index: number, of: number, extent: number) => Math.floor((index * extent) / of);
  const bottom = from(row + 1, rows, planes.height);
  const right = from(column + 1, columns, planes.width);
  let [sum, count] = [0, 0];
  for (let y = from(row, rows, planes.height); y < bottom; y++) {
    for (let x = from(column, columns, planes.width); x < right; x++) {
      sum += planes.at(plane, y, x);
      count++;
    }
  }
  return sum / count;
}

function planesOf(values: Values, shape: Shape, reading: Reading): Planes | null {
  const value = (index: number) => values[index] ?? Number.NaN;
  const [a = 1, b = 1, c = 1, d = 1] = shape;
  if (shape.length === 4 && reading === "maps") {
    const names = named(d, (channel) => `map ${channel}`);
    return { height: b, width: c, names, at: (plane, y, x) => value((y * c + x) * d + plane) };
  }
  if (shape.length === 4 && reading === "filters") {
    const names = named(c * d, (plane) => filterName(Math.floor(plane / c), plane % c, c));
    const at = (plane: number, y: number, x: number) =>
      value(((y * b + x) * c + (plane % c)) * d + Math.floor(plane / c));
    return { height: a, width: b, names, at };
  }
  if (shape.length === 2) {
    return { height: a, width: b, names: ["matrix"], at: (_, y, x) => value(y * b + x) };
  }
  if (shape.length !== 1 || a > LONGEST_ROW || a === 1) return null;
  return { height: 1, width: a, names: ["vector"], at: (_, __, x) => value(x) };
}

function filterName(output: number, input: number, inputs: number): string {
  return inputs === 1 ? `filter ${output}` : `filter ${output} of input ${input}`;
}

function named(count: number, name: (index: number) => string): readonly string[] {
  return Array.from({ length: Math.min(count, MOST_PLANES) }, (_, index) => name(index));
}
