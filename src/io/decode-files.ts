// Decodes many picture files to one size. What is wrong with a file is an answer here, not an exception: the others go on. Run by
// decode-pool.ts, in this thread or in others.

import { readFile, stat } from "node:fs/promises";
import { FormatError } from "../engine/core/errors.ts";
import { decodePicture } from "./decode-picture.ts";
import { resizePicture } from "./resize-picture.ts";

export interface DecodeOrder {
  readonly files: readonly string[];
  readonly height: number;
  readonly width: number;
}

export interface DecodedFiles {
  /** files × height × width × 3; zeros for a file that could not be decoded. */
  readonly rgb: Uint8Array<ArrayBuffer>;
  /** 1 for a picture whose channels are equal everywhere. */
  readonly isGrey: Uint8Array<ArrayBuffer>;
  /** Of a file that could not be decoded, by its place in the order. */
  readonly problems: readonly (readonly [index: number, problem: string])[];
}

const MOST_FILE_BYTES = 64 * 2 ** 20;

export async function decodeFiles({ files, height, width }: DecodeOrder): Promise<DecodedFiles> {
  const size = height * width * 3;
  const rgb = new Uint8Array(files.length * size);
  const isGrey = new Uint8Array(files.length);
  const problems: [number, string][] = [];
  for (const [i, file] of files.entries()) {
    try {
      const image = resizePicture(await readPicture(file), height, width);
      rgb.set(image.rgb, i * size);
      isGrey[i] = Number(image.isGrey);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const isOurs = error instanceof FormatError;
      problems.push([i, isOurs ? error.message : `${file}: cannot be read, got ${error.message}`]);
    }
  }
  return { rgb, isGrey, problems };
}

async function readPicture(file: string) {
  const { size } = await stat(file);
  if (size > MOST_FILE_BYTES) {
    throw new FormatError(`${file}: a picture must be at most 64 MiB, got ${size} bytes`);
  }
  const bytes = await readFile(file);
  return decodePicture(bytes, file);
}
