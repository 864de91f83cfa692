// Decoded pictures, kept so that the next command need not decode them again: one file for a list of files, their sizes and
// dates, and the size that they were brought to. A file that is damaged counts as none.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { writeAtomically } from "../io/files.ts";

export interface KeptPictures {
  /** files × height × width × channels. */
  readonly images: Uint8Array;
  readonly channels: number;
  readonly problems: readonly (readonly [index: number, problem: string])[];
}

/** Raised when pictures would be decoded to other bytes. */
const VERSION = 2;
/** The oldest go. */
const MOST_FILES = 8;

/** Of files as they are now: `shape` is what they are brought to. */
export async function pictureKey(
  files: readonly string[],
  shape: readonly (number | null)[],
): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([VERSION, shape]));
  for (const file of files) {
    const { size, mtimeMs } = await stat(file);
    hash.update(JSON.stringify([file, size, mtimeMs]));
  }
  return hash.digest("hex").slice(0, 32);
}

const headerSchema = v.object({
  sha256: v.string(),
  channels: v.picklist([1, 3]),
  problems: v.array(v.tuple([v.number(), v.string()])),
});

export async function findPictures(folder: string, key: string): Promise<KeptPictures | null> {
  const path = join(folder, `${key}.bin`);
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null || bytes.length < 4) return null;
  const start = 4 + bytes.readUInt32LE(0);
  const header = v.safeParse(headerSchema, parsed(bytes.subarray(4, start).toString("utf8")));
  const images = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length).subarray(start);
  if (!header.success || header.output.sha256 !== sha256(images)) return null;
  // So that what is in use is not the oldest.
  await utimes(path, new Date(), new Date()).catch(() => undefined);
  const { channels, problems } = header.output;
  return { images, channels, problems };
}

/** What cannot be kept is decoded again the next time. */
export async function keepPictures(
  folder: string,
  key: string,
  { images, channels, problems }: KeptPictures,
): Promise<void> {
  const header = Buffer.from(JSON.stringify({ sha256: sha256(images), channels, problems }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  try {
    await mkdir(folder, { recursive: true });
    await writeAtomically(join(folder, `${key}.bin`), [length, header, images]);
    await removeOldest(folder);
  } catch {
    // A full disk, or a folder that may not be written: the pictures are in memory all the same.
  }
}

async function removeOldest(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".bin"));
  if (names.length <= MOST_FILES) return;
  const dated = await Promise.all(
    names.map(async (name) => ({ name, time: (await stat(join(folder, name))).mtimeMs })),
  );
  dated.sort((a, b) => b.time - a.time);
  for (const { name } of dated.slice(MOST_FILES)) await rm(join(folder, name), { force: true });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
