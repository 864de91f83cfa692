// Any picture to what the models take: 28 x 28 grey, a light object on black, prepared as Fashion-MNIST was (Xiao, Rasul and Vollgraf
// 2017, section 2): edges of the background's colour trimmed, longest side to 28, centred, negated where the object is darker
// than what is behind it. What is transparent is background. No colour out, no sharpening.

import { areaResize } from "./area-resize.ts";
import { findObject } from "./object-in-picture.ts";
import { type GreyImage, greyOf, type Picture } from "./picture.ts";

export const IMAGE_SIZE = 28;

export interface ModelImage {
  /** 784 values, row by row. */
  readonly pixels: Uint8Array;
  /** Size of the picture in the file. */
  readonly width: number;
  readonly height: number;
  /** The object was darker than its background, so it was negated. */
  readonly inverted: boolean;
  /** Size of what was left when the background was trimmed; null where nothing was. */
  readonly trimmed: { readonly width: number; readonly height: number } | null;
}

export interface ReadImageOptions {
  /** That the model knows its objects on; default dark, as Fashion-MNIST has it. */
  readonly background?: "dark" | "light";
}

/** Null where there is nothing to see. A picture of 28 x 28 without transparency is taken as it is, but for its polarity. */
export function toModelImage(picture: Picture, options: ReadImageOptions = {}): ModelImage | null {
  const { width, height } = picture;
  const found = findObject(picture);
  if (!found) return null;
  const { isDark: inverted, isTransparent, box, object } = found;
  const isPrepared = width === IMAGE_SIZE && height === IMAGE_SIZE && !isTransparent;
  const grey = greyOf(picture);
  const whole = { width, height, pixels: inverted ? grey.map((v) => 255 - v) : grey };
  const dark = isPrepared ? whole.pixels : fitSquare(crop(object, box), IMAGE_SIZE);
  const isTrimmed = !isPrepared && (box.width < width || box.height < height);
  return {
    pixels: options.background === "light" ? dark.map((v) => 255 - v) : dark,
    ...{ width, height, inverted },
    trimmed: isTrimmed ? { width: box.width, height: box.height } : null,
  };
}

function crop(
  { width, pixels }: GreyImage,
  box: { left: number; top: number; width: number; height: number },
): GreyImage {
  const out = new Uint8Array(box.width * box.height);
  for (let y = 0; y < box.height; y++) {
    const from = (box.top + y) * width + box.left;
    out.set(pixels.subarray(from, from + box.width), y * box.width);
  }
  return { width: box.width, height: box.height, pixels: out };
}

/** The picture at the largest size that fits the square, its aspect ratio kept, centred on black. */
function fitSquare(image: GreyImage, side: number): Uint8Array {
  const scale = side / Math.max(image.width, image.height);
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const fitted = areaResize(image, width, height);
  const square = new Uint8Array(side * side);
  const left = (side - width) >> 1;
  const top = (side - height) >> 1;
  for (let y = 0; y < height; y++) {
    square.set(fitted.subarray(y * width, (y + 1) * width), (top + y) * side + left);
  }
  return square;
}
