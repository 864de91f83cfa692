// What is believed of a zip file before it is unpacked, and how it is called when it is not: the same for files of the disk
// (zip-archive.ts) and in memory (zip-bytes.ts).

import { FormatError, messageOf } from "../engine/core/errors.ts";

const MOST_TEXT_BYTES = 2 ** 26;
/** Weights hardly compress; zeros do, and a small file of them would fill a disk. */
const MOST_EXPANSION = 100;
/** What may be unpacked in any case. */
const SMALL_BYTES = 2 ** 28;
/** No archive of Keras has so many. */
const MOST_ENTRIES = 10_000;

export interface ZipSizes {
  readonly uncompressedSize: number;
  readonly compressedSize: number;
}

/** Throws FormatError. */
export function checkCount(path: string, count: number): void {
  if (count > MOST_ENTRIES) {
    throw new FormatError(`${path}: must be small, got ${count} entries`);
  }
}

/** `place`: archive and entry. Throws FormatError. */
export function checkTextSize(place: string, { uncompressedSize: bytes }: ZipSizes): void {
  if (bytes > MOST_TEXT_BYTES) {
    throw new FormatError(`${place}: must be short, got ${bytes} bytes`);
  }
}

/** Throws FormatError for what would unpack to much more than it is. */
export function checkExpansion(
  place: string,
  { uncompressedSize: bytes, compressedSize: packed }: ZipSizes,
): void {
  if (bytes <= SMALL_BYTES || bytes <= MOST_EXPANSION * packed) return;
  throw new FormatError(`${place}: must not unpack to ${bytes} bytes, got ${packed} packed ones`);
}

/** The entry of that name. Throws FormatError, with `help`, where there is none. */
export function entryOf<Entry>(
  entries: ReadonlyMap<string, Entry>,
  name: string,
  { path, help }: { readonly path: string; readonly help: string },
): Entry {
  const entry = entries.get(name);
  if (entry !== undefined) return entry;
  const got = [...entries.keys()].slice(0, 5).join(", ") || "nothing";
  throw new FormatError(`${path}: must hold ${name}, got ${got}`, { help });
}

export function twice(path: string, name: string): FormatError {
  return new FormatError(`${path}: must hold every entry once, got ${name} twice`);
}

export function damaged(where: string, cause: unknown): FormatError {
  const got = messageOf(cause);
  return new FormatError(`${where}: must be a sound zip file, got ${got}`, {
    cause,
    help: "the file is damaged or was not copied whole; get it again",
  });
}
