// Filters, maps and images as the page takes them: planes of bytes, no more of them than an eye takes in.

import type { Dataset } from "../data/dataset.ts";
import { imageSize } from "../data/dataset.ts";
import type { Shape } from "../engine/core/shape.ts";
import type { PictureView } from "../inspect/inspector/inspector-document.ts";
import type { ImageView } from "../page/live/live-events.ts";

const MOST_PLANES = 32;

interface Planes {
  readonly height: number;
  readonly width: number;
  readonly names: readonly string[];
  readonly at: (plane: number, row: number, column: number) => number;
}

/** `shape`: (height, width, in, out). */
export function filterPlanes(values: ArrayLike<number>, shape: Shape): PictureView {
  const [height = 0, width = 0, inputs = 0, outputs = 0] = shape;
  const names = Array.from({ length: Math.min(MOST_PLANES, inputs * outputs) }, (_, plane) =>
    inputs === 1
      ? `filter ${plane + 1}`
      : `filter ${Math.floor(plane / inputs) + 1}, input ${(plane % inputs) + 1}`,
  );
  const at = (plane: number, y: number, x: number): number => {
    const [output, input] = [Math.floor(plane / inputs), plane % inputs];
    return values[((y * width + x) * inputs + input) * outputs + output] ?? Number.NaN;
  };
  return packed({ height, width, names, at });
}

/** `shape`: (1, height, width, channels). */
export function mapPlanes(values: ArrayLike<number>, shape: Shape): PictureView {
  const [, height = 0, width = 0, channels = 0] = shape;
  const count = Math.min(MOST_PLANES, channels);
  const names = Array.from({ length: count }, (_, channel) => `map ${channel + 1}`);
  const at = (plane: number, y: number, x: number) =>
    values[(y * width + x) * channels + plane] ?? Number.NaN;
  return packed({ height, width, names, at });
}

export function imageView(dataset: Dataset, row: number): ImageView {
  const { height, width, channels, images } = dataset;
  const size = imageSize(dataset);
  const bytes = Buffer.from(images.subarray(row * size, (row + 1) * size)).toString("base64");
  return { height, width, channels, bytes };
}

function packed({ height, width, names, at }: Planes): PictureView {
  const values = new Float64Array(names.length * height * width);
  for (let index = 0; index < values.length; index++) {
    const rest = index % (height * width);
    const plane = Math.floor(index / (height * width));
    values[index] = at(plane, Math.floor(rest / width), rest % width);
  }
  const finite = values.filter(Number.isFinite);
  const limit = finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const bytes = Uint8Array.from(values, (value) => quantised(value, limit));
  return {
    ...{ height, width, planes: names, limit },
    hasSigns: finite.some((value) => value < 0),
    bytes: Buffer.from(bytes).toString("base64"),
  };
}

/** 0 is -limit, 128 zero, 255 +limit. */
function quantised(value: number, limit: number): number {
  if (!Number.isFinite(value) || limit === 0) return 128;
  const share = value / limit;
  return Math.round(128 + (share < 0 ? 128 : 127) * share);
}
