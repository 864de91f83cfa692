// The bytes of IDX files, the format of MNIST: big-endian header, then bytes. Reads the two kinds that the data set uses (images of
// bytes, labels of bytes), and refuses the rest by name. idx-file.ts unpacks and reads the files.

import { FormatError } from "../engine/core/errors.ts";
import type { Dataset } from "./dataset.ts";
import { describeForeign } from "./foreign-file.ts";

const IMAGES_MAGIC = 0x00000803;
const LABELS_MAGIC = 0x00000801;
/** Of an unpacked file: a million images of 28 × 28. */
export const MOST_IDX_BYTES = 2 ** 30;
export const CUT_SHORT = "the file is cut short or damaged; fetch it again";

export interface IdxImages {
  readonly rows: number;
  readonly height: number;
  readonly width: number;
  readonly pixels: Uint8Array;
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Bytes that a file's header speaks of, from its first kilobytes; of anything but IDX those are enough to refuse it. */
export function promisedBytes(start: Uint8Array): number {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const sizes = start.length >= 4 && start[2] === 8 ? (start[3] ?? 0) : 0;
  if (sizes < 1 || sizes > 4 || start.length < 4 + 4 * sizes) return start.length;
  let bytes = 1;
  for (let i = 0; i < sizes; i++) bytes *= view.getUint32(4 + 4 * i);
  return 4 + 4 * sizes + bytes;
}

/** (N,H,W) images from the bytes of an images file; the pixels are a view of the bytes. */
export function parseIdxImages(bytes: Uint8Array, file: string): IdxImages {
  const [rows, height, width] = readHeader(bytes, { file, magic: IMAGES_MAGIC, sizes: 3 });
  const pixels = readBody(bytes, { file, start: 16, size: rows * height * width });
  return { rows, height, width, pixels };
}

/** Labels from the bytes of a labels file, each checked to be below `classes`. */
export function parseIdxLabels(bytes: Uint8Array, file: string, classes: number): Uint8Array {
  const [rows] = readHeader(bytes, { file, magic: LABELS_MAGIC, sizes: 1 });
  const labels = readBody(bytes, { file, start: 8, size: rows });
  const bad = labels.findIndex((label) => label >= classes);
  if (bad >= 0) {
    throw new FormatError(
      `${file}: labels must be 0 to ${classes - 1}, got ${labels[bad]} in row ${bad} (rows from 0)`,
    );
  }
  return labels;
}

function readHeader(
  bytes: Uint8Array,
  expected: { file: string; magic: number; sizes: number },
): [number, number, number] {
  const { file, magic, sizes } = expected;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 4 && view.getUint32(0) !== magic) {
    const kind = magic === IMAGES_MAGIC ? "images" : "labels";
    const foreign = describeForeign(bytes);
    if (foreign) {
      throw new FormatError(`${file}: must be an IDX file of ${kind}, got ${foreign.got}`, foreign);
    }
    throw new FormatError(
      `${file}: an IDX file of ${kind} starts with ${hex(magic)}, got ${hex(view.getUint32(0))}`,
    );
  }
  const headerSize = 4 + 4 * sizes;
  if (bytes.length < headerSize) {
    throw new FormatError(`${file}: the header takes ${headerSize} bytes, got ${bytes.length}`, {
      help: CUT_SHORT,
    });
  }
  const size = (i: number) => (i < sizes ? view.getUint32(4 + 4 * i) : 1);
  return [size(0), size(1), size(2)];
}

function readBody(
  bytes: Uint8Array,
  body: { file: string; start: number; size: number },
): Uint8Array {
  const { file, start, size } = body;
  const got = bytes.length - start;
  if (got < size) {
    throw new FormatError(`${file}: the header promises ${size} bytes of data, got ${got}`, {
      help: CUT_SHORT,
    });
  }
  if (got > size) {
    throw new FormatError(
      `${file}: the header promises ${size} bytes of data, got ${got - size} more than that`,
    );
  }
  if (size === 0) throw new FormatError(`${file}: the file must hold a row or more, got none`);
  return bytes.subarray(start);
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, "0")}`;
}

export interface IdxPair {
  readonly images: string;
  readonly labels: string;
  readonly name: string;
  readonly classNames: readonly string[];
}

/** A data set from the bytes of an images file and of its labels file; `pair` names the files in messages. */
export function idxDataset(
  pair: IdxPair,
  { imageBytes, labelBytes }: { imageBytes: Uint8Array; labelBytes: Uint8Array },
): Dataset {
  const { rows, height, width, pixels } = parseIdxImages(imageBytes, pair.images);
  const labels = parseIdxLabels(labelBytes, pair.labels, pair.classNames.length);
  if (labels.length !== rows) {
    throw new FormatError(
      `${pair.labels}: must hold a label for each of the ${rows} images, got ${labels.length}`,
    );
  }
  const { name, classNames } = pair;
  return { name, images: pixels, labels, rows, height, width, channels: 1, classNames };
}
