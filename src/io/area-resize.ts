// A grey picture at another size: each pixel the mean of the area that it covers.

import type { GreyImage } from "./picture.ts";

interface Tap {
  readonly index: number;
  readonly weight: number;
}

/** Which source cells a target cell covers, and by how much; the weights of a cell add up to 1. */
function areaTaps(from: number, to: number): Tap[][] {
  const step = from / to;
  return Array.from({ length: to }, (_, i) => {
    const start = i * step;
    const end = Math.min(from, (i + 1) * step);
    const taps: Tap[] = [];
    for (let index = Math.floor(start); index < end; index++) {
      const covered = Math.min(end, index + 1) - Math.max(start, index);
      if (covered > 0) taps.push({ index, weight: covered / (end - start) });
    }
    return taps;
  });
}

/** Mean over the area that each target pixel covers; the identity when the size stays. Rows first, then columns. */
export function areaResize(image: GreyImage, width: number, height: number): Uint8Array {
  const across = areaTaps(image.width, width);
  const down = areaTaps(image.height, height);
  const rows = new Float64Array(image.height * width);
  for (let y = 0; y < image.height; y++) {
    for (const [x, taps] of across.entries()) {
      let sum = 0;
      for (const tap of taps) sum += tap.weight * (image.pixels[y * image.width + tap.index] ?? 0);
      rows[y * width + x] = sum;
    }
  }
  const out = new Uint8Array(width * height);
  for (const [y, taps] of down.entries()) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const tap of taps) sum += tap.weight * (rows[tap.index * width + x] ?? 0);
      out[y * width + x] = Math.round(sum);
    }
  }
  return out;
}
