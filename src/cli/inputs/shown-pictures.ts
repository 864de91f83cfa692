// The pictures that `predict` shows to a network: found where files and folders are named, and prepared as the network's own
// images were.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileOfUrl, isUrl } from "../../data/local-url.ts";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { IMAGE_SIZE, type ModelImage, readImage, readPicture } from "../../io/image.ts";
import { greyOfRgb } from "../../io/picture.ts";
import { resizePicture } from "../../io/resize-picture.ts";

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

export interface ShownPicture {
  readonly path: string;
  /** height × width × channels. */
  readonly pixels: Uint8Array;
  /** Size of the picture in the file; null where that is of no interest. */
  readonly found: ModelImage | null;
  readonly isNegated: boolean;
}

export interface NamedPicture {
  readonly path: string;
  /** As it is shown: the path, or the URL that it is from. */
  readonly name: string;
  /** It was named itself, and not a folder that it is in. */
  readonly isNamed: boolean;
}

const PICTURE = /\.(png|jpe?g|webp)$/i;

/** `fashion` is for what Fashion-MNIST's way leads to: 28×28, grey. */
export function preparationFor(
  asked: Preparation | undefined,
  [height, width, channels]: ShownRules["shape"],
): Preparation {
  const isPossible = height === IMAGE_SIZE && width === IMAGE_SIZE && channels === 1;
  if (asked === "fashion" && !isPossible) {
    throw new UsageError(
      `--prepare: fashion makes ${IMAGE_SIZE}×${IMAGE_SIZE} grey images, got a network of ${height}×${width}×${channels}`,
    );
  }
  return asked ?? (isPossible ? "fashion" : "none");
}

/** Whether a network has nothing to go by: one shade, but for the noise of a camera or of JPEG. */
export function isBlank(pixels: Uint8Array): boolean {
  const sorted = pixels.toSorted();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return at(0.99) - at(0.01) <= BLANK_SPREAD;
}

/** Of 255. */
const BLANK_SPREAD = 8;

/**
 * Files as they are named, also by URLs of this machine, and the pictures of folders, those within them too. Throws FormatError for
 * a folder without any.
 */
export async function findPictures(
  paths: readonly string[],
  signal: AbortSignal,
): Promise<NamedPicture[]> {
  const found: NamedPicture[] = [];
  for (const named of paths) {
    const path = isUrl(named) ? await fileOfUrl(named, signal) : named;
    const entry = await stat(path).catch(() => null);
    if (!entry?.isDirectory() || PICTURE.test(path)) {
      found.push({ path, name: named, isNamed: true });
      continue;
    }
    const names = (await readdir(path, { recursive: true })).filter((name) => PICTURE.test(name));
    if (names.length === 0) {
      throw new FormatError(`${path}: must hold pictures (PNG, JPEG or WebP), got none`);
    }
    for (const picture of names.sort().map((name) => join(path, name))) {
      found.push({ path: picture, name: picture, isNamed: false });
    }
  }
  return found;
}

/** Throws FormatError naming the file. */
export async function shownPicture(path: string, rules: ShownRules): Promise<ShownPicture> {
  return rules.prepare === "fashion" ? asFashion(path, rules) : asItIs(path, rules);
}

async function asFashion(path: string, { background, invert }: ShownRules): Promise<ShownPicture> {
  const found = await readImage(path, { background });
  const isNegated = found.inverted === (background === "dark");
  const isRight = invert === undefined || invert === isNegated;
  const pixels = isRight ? found.pixels : negative(found.pixels);
  return { path, pixels, found, isNegated: invert ?? isNegated };
}

/** Brought to size as pictures of a data set are. */
async function asItIs(
  path: string,
  { shape: [height, width, channels], invert = false }: ShownRules,
): Promise<ShownPicture> {
  const { rgb } = resizePicture(await readPicture(path), height, width);
  const pixels = channels === 1 ? greyOfRgb(rgb) : rgb;
  return { path, pixels: invert ? negative(pixels) : pixels, found: null, isNegated: invert };
}

function negative(pixels: Uint8Array): Uint8Array {
  return pixels.map((value) => 255 - value);
}
