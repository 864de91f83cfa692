// What a picture shows, apart from what is behind it: the object's place, whether it is darker than its background, and its
// brightness on black.

import { type GreyImage, greyOf, type Picture } from "./picture.ts";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface FoundObject {
  /** The smallest that holds it. */
  readonly box: Box;
  /** Darker than its background; on a transparent one, darker than a third of white. */
  readonly isDark: boolean;
  readonly isTransparent: boolean;
  /** Of the whole picture: 0 where the background is, and as bright as it differs from it elsewhere. */
  readonly object: GreyImage;
}

/** "Within 5 % of the maximum possible intensity in RGB", as the paper has it. */
const CLOSE = 0.05 * 255;
/** A wall that is not even differs more from itself, but an object is told apart from it at this distance in any case. */
const FAR = 48;
/**
 * What is cut out has nothing to be darker than. Light things of Fashion-MNIST are of 100 to 200 in the mean; what is much below
 * is a dark thing, which the data set would have negated.
 */
const DARK = 85;
/** Pixels of a row or column that are no dust. */
const LEAST_SHARE = 0.005;

/** Null where all is background. */
export function findObject(picture: Picture): FoundObject | null {
  const { width, height, rgba } = picture;
  const border = borderOf(picture);
  const isTransparent = median(border.map((i) => rgba[4 * i + 3] ?? 255)) < 128;
  const mask = isTransparent ? opaqueMask(picture) : distantMask(picture, border);
  const box = boxOf(mask, { width, height });
  if (!box) return null;
  const grey = greyOf(picture);
  let [sum, count] = [0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (!mask[i]) continue;
    sum += grey[i] ?? 0;
    count++;
  }
  const behind = isTransparent ? DARK : median(border.map((i) => grey[i] ?? 0));
  const isDark = sum / count < behind;
  const pixels = grey.map((value, i) => {
    if (!mask[i]) return 0;
    if (isTransparent) {
      const alpha = (rgba[4 * i + 3] ?? 255) / 255;
      return Math.round(alpha * (isDark ? 255 - value : value));
    }
    const range = isDark ? behind : 255 - behind;
    return Math.round((255 * Math.max(0, isDark ? behind - value : value - behind)) / range);
  });
  return { box, isDark, isTransparent, object: { width, height, pixels } };
}

/** Numbers of the pixels along the four sides. */
function borderOf({ width, height }: Picture): number[] {
  const border: number[] = [];
  for (let y = 0; y < height; y++) {
    const whole = y === 0 || y === height - 1;
    for (let x = 0; x < width; x += whole ? 1 : Math.max(1, width - 1)) border.push(y * width + x);
  }
  return border;
}

/** The median, not the mean: an object that touches the edge must not decide. */
function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? 0;
}

function opaqueMask({ rgba }: Picture): Uint8Array {
  const mask = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < mask.length; i++) if ((rgba[4 * i + 3] ?? 255) > CLOSE) mask[i] = 1;
  return mask;
}

/** Where any channel is farther from the border's than the border mostly is from itself. */
function distantMask({ rgba }: Picture, border: readonly number[]): Uint8Array {
  const of = (channel: number): number => median(border.map((i) => rgba[4 * i + channel] ?? 0));
  const [red, green, blue] = [of(0), of(1), of(2)];
  const distance = (i: number): number => {
    const r = Math.abs((rgba[4 * i] ?? 0) - red);
    const g = Math.abs((rgba[4 * i + 1] ?? 0) - green);
    const b = Math.abs((rgba[4 * i + 2] ?? 0) - blue);
    return Math.max(r, g, b);
  };
  const most = Math.max(CLOSE, Math.min(FAR, 4 * median(border.map(distance))));
  const mask = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < mask.length; i++) if (distance(i) > most) mask[i] = 1;
  return mask;
}

function boxOf(mask: Uint8Array, { width, height }: { width: number; height: number }): Box | null {
  const [rows, columns] = [new Uint32Array(height), new Uint32Array(width)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!mask[y * width + x]) continue;
      rows[y] = (rows[y] ?? 0) + 1;
      columns[x] = (columns[x] ?? 0) + 1;
    }
  }
  const across = rangeOf(rows, Math.max(1, LEAST_SHARE * width));
  const down = rangeOf(columns, Math.max(1, LEAST_SHARE * height));
  if (!across || !down) return null;
  const [top, bottom] = across;
  const [left, right] = down;
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The first and the last with so many. */
function rangeOf(counts: Uint32Array, least: number): readonly [number, number] | null {
  const first = counts.findIndex((count) => count >= least);
  return first < 0 ? null : [first, counts.findLastIndex((count) => count >= least)];
}
