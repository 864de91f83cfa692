// Any picture to what the models take: 28 x 28 grey, a light object on black, prepared as Fashion-MNIST was (Xiao, Rasul and Vollgraf
// 2017, section 2): edges of the background's colour trimmed, longest side to 28, centred, negated where the object is darker
// than what is behind it. What is transparent is background. No colour out, no sharpening.

import { readFile, stat } from "node:fs/promises";
import { FormatError } from "../engine/core/errors.ts";
import { decodePicture } from "./decode-picture.ts";
import { findObject } from "./object-in-picture.ts";
import { type GreyImage, greyOf, type Picture } from "./picture.ts";

export const IMAGE_SIZE = 28;

/** A photograph is far smaller; reading more would only help somebody who wants the memory gone. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

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

/** Reads a picture file. Throws FormatError naming the file when it is not a sound picture of a sensible size, or shows nothing. */
export async function readImage(path: string, options: ReadImageOptions = {}): Promise<ModelImage> {
  const image = toModelImage(await readPicture(path), options);
  if (image) return image;
  throw new FormatError(`${path}: must show something, got a picture of one colour`, {
    help: "a light object on a dark background, or the other way round",
  });
}

/** The picture as it is. Throws FormatError naming the file when it is not a sound PNG, JPEG or WebP of a sensible size. */
export async function readPicture(path: string): Promise<Picture> {
  const entry = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "no such file" : `cannot be read, got ${cause.code}`;
    throw new FormatError(`${path}: ${reason}`, { cause });
  });
  if (!entry.isFile()) throw new FormatError(`${path}: must be a PNG file, got something else`);
  const { size } = entry;
  if (size > MAX_FILE_BYTES) {
    throw new FormatError(`${path}: a PNG must be at most 64 MiB, got ${size} bytes`);
  }
  return decodePicture(await readFile(path), path);
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
