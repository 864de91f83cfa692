// A picture as it is shown to a network: prepared as the network's own images were.

import { IMAGE_SIZE, type ModelImage, toModelImage } from "../io/model-image.ts";
import { greyOfRgb, type Picture } from "../io/picture.ts";
import { resizePicture } from "../io/resize-picture.ts";

export type Preparation = "fashion" | "none";

export interface ShownRules {
  /** Height, width and channels of the images that the network has learnt. */
  readonly shape: readonly [number, number, number];
  /** What its objects lie on. */
  readonly background: "dark" | "light";
  readonly prepare: Preparation;
  /** Whether pictures are negated; undefined: as `prepare` finds them. */
  readonly invert: boolean | undefined;
}

export interface ShownImage {
  /** height × width × channels. */
  readonly pixels: Uint8Array;
  /** Size of the picture in the file; null where that is of no interest. */
  readonly found: ModelImage | null;
  readonly isNegated: boolean;
}

/** `fashion` is for what Fashion-MNIST's way leads to: 28×28, grey. */
export function canPrepare([height, width, channels]: ShownRules["shape"]): boolean {
  return height === IMAGE_SIZE && width === IMAGE_SIZE && channels === 1;
}

/** Whether a network has nothing to go by: one shade, but for the noise of a camera or of JPEG. */
export function isBlank(pixels: Uint8Array): boolean {
  const sorted = pixels.toSorted();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return at(0.99) - at(0.01) <= BLANK_SPREAD;
}

/** Of 255. */
const BLANK_SPREAD = 8;

/** Null where it is to be prepared, and shows nothing. */
export function shownImage(picture: Picture, rules: ShownRules): ShownImage | null {
  return rules.prepare === "fashion" ? asFashion(picture, rules) : asItIs(picture, rules);
}

function asFashion(picture: Picture, { background, invert }: ShownRules): ShownImage | null {
  const found = toModelImage(picture, { background });
  if (!found) return null;
  const isNegated = found.inverted === (background === "dark");
  const isRight = invert === undefined || invert === isNegated;
  const pixels = isRight ? found.pixels : negative(found.pixels);
  return { pixels, found, isNegated: invert ?? isNegated };
}

/** Brought to size as pictures of a data set are. */
function asItIs(
  picture: Picture,
  { shape: [height, width, channels], invert = false }: ShownRules,
): ShownImage {
  const { rgb } = resizePicture(picture, height, width);
  const pixels = channels === 1 ? greyOfRgb(rgb) : rgb;
  return { pixels: invert ? negative(pixels) : pixels, found: null, isNegated: invert };
}

function negative(pixels: Uint8Array): Uint8Array {
  return pixels.map((value) => 255 - value);
}
