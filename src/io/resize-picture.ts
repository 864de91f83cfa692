// A picture at another size, as bytes of RGB: each pixel the mean of the area that it covers, stretched where the aspect ratio is
// another. Alpha does not enter, as Pillow's convert("RGB") has it.

import { areaResize } from "./area-resize.ts";
import type { Picture } from "./picture.ts";

export interface RgbImage {
  /** height × width × 3. */
  readonly rgb: Uint8Array;
  /** Red, green and blue are equal everywhere. */
  readonly isGrey: boolean;
}

export function resizePicture(picture: Picture, height: number, width: number): RgbImage {
  const planes = [0, 1, 2].map((c) => planeOf(picture, c));
  const [red = new Uint8Array(), green = red, blue = red] = planes;
  const isGrey = red.every((value, i) => value === green[i] && value === blue[i]);
  const { width: from, height: rows } = picture;
  const isSame = from === width && rows === height;
  const resize = (pixels: Uint8Array): Uint8Array =>
    isSame ? pixels : areaResize({ width: from, height: rows, pixels }, width, height);
  const [r = red, g = r, b = r] = isGrey ? [resize(red)] : planes.map(resize);
  const rgb = new Uint8Array(height * width * 3);
  for (let i = 0; i < height * width; i++) {
    rgb[3 * i] = r[i] ?? 0;
    rgb[3 * i + 1] = g[i] ?? 0;
    rgb[3 * i + 2] = b[i] ?? 0;
  }
  return { rgb, isGrey };
}

function planeOf({ rgba }: Picture, channel: number): Uint8Array {
  const plane = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < plane.length; i++) plane[i] = rgba[4 * i + channel] ?? 0;
  return plane;
}
