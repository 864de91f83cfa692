// Picture files, read and prepared for the models.

import { readFile, stat } from "node:fs/promises";
import { FormatError } from "../engine/core/errors.ts";
import { decodePicture } from "./decode-picture.ts";
import { type ModelImage, type ReadImageOptions, toModelImage } from "./model-image.ts";
import type { Picture } from "./picture.ts";

/** A photograph is far smaller; reading more would only help somebody who wants the memory gone. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

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
  if (!entry.isFile()) throw new FormatError(`${path}: must be a picture file, got something else`);
  const { size } = entry;
  if (size > MAX_FILE_BYTES) {
    throw new FormatError(`${path}: a picture must be at most 64 MiB, got ${size} bytes`);
  }
  return decodePicture(await readFile(path), path);
}
