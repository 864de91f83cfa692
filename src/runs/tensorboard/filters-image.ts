// The filters of a convolution as one picture: a square for each input and output channel, grey from the least weight to the largest.

import { PNG } from "pngjs";
import type { Image } from "./summary.ts";

/** Pixels of the picture along one weight, and between two filters. */
const SCALE = 8;
const GAP = 2;
/** Filters of a row, and filters at most: of wide layers the first. */
const COLUMNS = 16;
const MOST = 128;

/** `shape`: (height, width, in, out). Null for what is no convolution's kernel. */
export function filtersImage(values: Float32Array, shape: readonly number[]): Image | null {
  const [height = 0, width = 0, inputs = 0, outputs = 0, ...more] = shape;
  if (shape.length !== 4 || more.length > 0) return null;
  const count = Math.min(MOST, inputs * outputs);
  const columns = Math.min(COLUMNS, count);
  const cell = { height: SCALE * height + GAP, width: SCALE * width + GAP };
  const size = {
    width: columns * cell.width - GAP,
    height: Math.ceil(count / columns) * cell.height - GAP,
  };
  const png = new PNG({ ...size, fill: true });
  png.data.fill(255);
  const [low, high] = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)] as const,
    [Infinity, -Infinity] as const,
  );
  const grey = (value: number) => Math.round((255 * (value - low)) / (high - low || 1));
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const filter = Math.floor(y / cell.height) * columns + Math.floor(x / cell.width);
      const [row, column] = [y % cell.height, x % cell.width].map((at) => Math.floor(at / SCALE));
      if (filter >= count || (row ?? height) >= height || (column ?? width) >= width) continue;
      const place = ((row ?? 0) * width + (column ?? 0)) * inputs * outputs;
      const [input, output] = [Math.floor(filter / outputs), filter % outputs];
      const shade = grey(values[place + input * outputs + output] ?? 0);
      png.data.fill(shade, 4 * (y * size.width + x), 4 * (y * size.width + x) + 3);
    }
  }
  return { ...size, colours: 3, png: PNG.sync.write(png, { colorType: 2 }) };
}
