// Any PNG to what the models take: 28 x 28 grey, a light object on black, as Fashion-MNIST was made (longest side to 28,
// centred, negated; Xiao, Rasul and Vollgraf 2017, section 2). No other format, no colour out, no sharpening.

import { readFile, stat } from "node:fs/promises";
import { PNG } from "pngjs";
import { FormatError } from "../engine/core/errors.ts";
import { checkPng } from "./png-check.ts";

export const IMAGE_SIZE = 28;

/** A photograph is far smaller; reading more would only help somebody who wants the memory gone. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

export interface GreyImage {
  readonly width: number;
  readonly height: number;
  /** Row by row, 0 black to 255 white. */
  readonly pixels: Uint8Array;
}

export interface ModelImage {
  /** 784 values, row by row. */
  readonly pixels: Uint8Array;
  /** Size of the picture in the file. */
  readonly width: number;
  readonly height: number;
  /** The background was bright, so the picture was negated. */
  readonly inverted: boolean;
}

export interface ReadImageOptions {
  /** "auto", the default, negates when the median pixel of the border is brighter than middle grey. */
  readonly invert?: "auto" | "always" | "never";
}

/** Reads a PNG file. Throws FormatError naming the file when it is not a sound PNG of a sensible size. */
export async function readImage(path: string, options: ReadImageOptions = {}): Promise<ModelImage> {
  const entry = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "no such file" : `cannot be read, got ${cause.code}`;
    throw new FormatError(`${path}: ${reason}`, { cause });
  });
  if (!entry.isFile()) throw new FormatError(`${path}: must be a PNG file, got something else`);
  const { size } = entry;
  if (size > MAX_FILE_BYTES) {
    throw new FormatError(`${path}: a PNG must be at most 64 MiB, got ${size} bytes`);
  }
  return toModelImage(decodePng(await readFile(path), path), options);
}

/** Negates where needed, shrinks or grows the longer side to 28, and centres the rest on black. */
export function toModelImage(image: GreyImage, options: ReadImageOptions = {}): ModelImage {
  const { invert = "auto" } = options;
  const inverted = invert === "auto" ? borderIsBright(image) : invert === "always";
  const light = inverted ? { ...image, pixels: image.pixels.map((v) => 255 - v) } : image;
  const pixels = fitSquare(light, IMAGE_SIZE);
  return { pixels, width: image.width, height: image.height, inverted };
}

/** Grey values of a PNG; transparent places show white paper behind them. */
export function decodePng(bytes: Uint8Array, name: string): GreyImage {
  checkPng(bytes, name);
  try {
    const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
    return { width, height, pixels: toGrey(data) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${name}: must be a sound PNG, got ${reason.toLowerCase()}`, { cause });
  }
}

/** ITU-R 601 luma with Pillow's integer weights, so that "L" images agree with those of the Python tools. */
function toGrey(rgba: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgba.length / 4);
  const overWhite = (value: number, alpha: number): number =>
    Math.round((value * alpha + 255 * (255 - alpha)) / 255);
  for (let i = 0; i < grey.length; i++) {
    const [red = 0, green = 0, blue = 0, alpha = 255] = rgba.subarray(4 * i, 4 * i + 4);
    const r = overWhite(red, alpha);
    const g = overWhite(green, alpha);
    const b = overWhite(blue, alpha);
    grey[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
  }
  return grey;
}

/** The median, not the mean: an object that touches the edge must not decide. No Fashion-MNIST test image is bright. */
function borderIsBright({ width, height, pixels }: GreyImage): boolean {
  const border: number[] = [];
  for (let y = 0; y < height; y++) {
    const whole = y === 0 || y === height - 1;
    for (let x = 0; x < width; x += whole ? 1 : Math.max(1, width - 1)) {
      border.push(pixels[y * width + x] ?? 0);
    }
  }
  border.sort((a, b) => a - b);
  return (border[border.length >> 1] ?? 0) > 127;
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
