// The pictures that `predict` shows to a network: found where files and folders are named, and prepared as the network's own
// images were.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileOfUrl, isUrl } from "../../data/local-url.ts";
import {
  canPrepare,
  type Preparation,
  type ShownImage,
  type ShownRules,
  shownImage,
} from "../../data/shown-image.ts";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { readPicture } from "../../io/image.ts";
import { IMAGE_SIZE } from "../../io/model-image.ts";

export interface ShownPicture extends ShownImage {
  readonly path: string;
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
  shape: ShownRules["shape"],
): Preparation {
  const isPossible = canPrepare(shape);
  if (asked === "fashion" && !isPossible) {
    throw new UsageError(
      `--prepare: fashion makes ${IMAGE_SIZE}×${IMAGE_SIZE} grey images, got a network of ${shape.join("×")}`,
    );
  }
  return asked ?? (isPossible ? "fashion" : "none");
}

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

/** Throws FormatError naming the file, also where it is to be prepared and shows nothing. */
export async function shownPicture(path: string, rules: ShownRules): Promise<ShownPicture> {
  const shown = shownImage(await readPicture(path), rules);
  if (shown) return { path, ...shown };
  throw new FormatError(`${path}: must show something, got a picture of one colour`, {
    help: "a light object on a dark background, or the other way round",
  });
}
