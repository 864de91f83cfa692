// What the objects of a data set lie on: recorded by runs, so that a picture is shown to a model as those were that it knows.

import type { Dataset } from "./dataset.ts";

/** Images are looked at up to here; more would say the same. */
const MOST_ROWS = 2000;

/** `light` where most pixels along the edges of most images are brighter than middle grey. */
export function backgroundOf({ images, rows, height, width, channels }: Dataset): "dark" | "light" {
  const line = width * channels;
  const size = height * line;
  const step = Math.max(1, Math.floor(rows / MOST_ROWS));
  let [bright, all] = [0, 0];
  for (let row = 0; row < rows; row += step) {
    for (let y = 0; y < height; y++) {
      const isWhole = y === 0 || y === height - 1;
      for (let x = 0; x < line; x += isWhole ? 1 : Math.max(1, line - 1)) {
        if ((images[row * size + y * line + x] ?? 0) > 127) bright++;
        all++;
      }
    }
  }
  return bright > all / 2 ? "light" : "dark";
}
