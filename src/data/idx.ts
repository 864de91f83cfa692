// IDX files, the format of MNIST: big-endian header, then bytes; plain or gzipped, told apart by
// their first bytes. Reads the two kinds that the data set uses (images of bytes, labels of bytes),
// and refuses the rest by name.
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { FormatError } from "../engine/core/errors.ts";
import type { Dataset } from "./dataset.ts";

const IMAGES_MAGIC = 0x00000803;
const LABELS_MAGIC = 0x00000801;
const CUT_SHORT = "the file is cut short or damaged; fetch it again";

export interface IdxImages {
  readonly rows: number;
  readonly height: number;
  readonly width: number;
  readonly pixels: Uint8Array;
}

/** A file's bytes, unpacked if gzipped. Errors name the file: missing, empty, damaged. */
export async function readIdxBytes(file: string): Promise<Uint8Array> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "no such file" : `cannot be read, got ${cause.code}`;
    throw new FormatError(`${file}: ${reason}`, { cause });
  });
  if (bytes.length === 0) throw new FormatError(`${file}: the file is empty`, { help: CUT_SHORT });
  const plain = isGzip(bytes) ? await unpack(bytes, file) : bytes;
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function unpack(bytes: Uint8Array, file: string): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${file}: the gzip data does not unpack, got "${reason}"`, {
      help: CUT_SHORT,
      cause,
    });
  }
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

/** A data set from an images file and its labels file. */
export async function readIdxDataset(pair: IdxPair): Promise<Dataset> {
  const [imageBytes, labelBytes] = await Promise.all([
    readIdxBytes(pair.images),
    readIdxBytes(pair.labels),
  ]);
  return idxDataset(pair, { imageBytes, labelBytes });
}

/** The same from bytes already read; `pair` names the files in messages. */
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
