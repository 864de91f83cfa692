// The header of a safetensors file: parsed and distrusted. Nothing is allocated from its claims before they are checked
// against the size of the file.

import { FormatError } from "../engine/core/errors.ts";

export const DTYPES = {
  F64: { bytes: 8, array: Float64Array },
  F32: { bytes: 4, array: Float32Array },
  I32: { bytes: 4, array: Int32Array },
  U32: { bytes: 4, array: Uint32Array },
  U8: { bytes: 1, array: Uint8Array },
} as const;

export type Dtype = keyof typeof DTYPES;

export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Byte range within the data, which follows the header. */
  readonly start: number;
  readonly end: number;
}

/** The length of the header, little-endian, comes before it. */
export const PREFIX_BYTES = 8;

/** What the first bytes of a file of `size` bytes say. Throws FormatError where the header would not lie within it. */
export function headerLength(prefix: Uint8Array, size: number, path: string): number {
  if (size < PREFIX_BYTES) {
    throw new FormatError(`${path}: is too short for safetensors, got ${size} bytes`);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES);
  const length = view.getBigUint64(0, true);
  const room = size - PREFIX_BYTES;
  if (length <= BigInt(room)) return Number(length);
  throw new FormatError(
    `${path}: header must end inside the file, got ${length} bytes of ${room}`,
    {
      help: "the file is truncated, or it is not safetensors",
    },
  );
}

export interface Header {
  /** In the order of their bytes. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

/** Checks everything that the format promises: types, shapes, sizes, and byte ranges without overlap, hole or rest. */
export function parseHeader(bytes: Uint8Array, dataLength: number, path: string): Header {
  const json = parseJson(bytes, path);
  const { __metadata__: notes, ...tensors } = json;
  const metadata = readMetadata(notes, path);
  const entries = Object.entries(tensors)
    .map(([name, value]) => readEntry(name, value, path))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  checkCoverage(entries, dataLength, path);
  return { entries, metadata };
}

function parseJson(bytes: Uint8Array, path: string): Record<string, unknown> {
  if (bytes.length > MAX_HEADER_BYTES) {
    const rule = `header must be at most ${MAX_HEADER_BYTES} bytes`;
    throw new FormatError(`${path}: ${rule}, got ${bytes.length}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FormatError(`${path}: header must be JSON in UTF-8`, {
      cause,
      help: "is it a safetensors file?",
    });
  }
  if (!isRecord(json)) throw new FormatError(`${path}: header must be a JSON object`);
  return json;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readMetadata(value: unknown, path: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw new FormatError(`${path}: __metadata__ must be an object`);
  const metadata: [string, string][] = [];
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw new FormatError(
        `${path}: __metadata__ must hold strings, got ${typeof text} in ${key}`,
      );
    }
    metadata.push([key, text]);
  }
  return Object.fromEntries(metadata);
}

function readEntry(name: string, value: unknown, path: string): TensorEntry {
  const where = `${path}: tensor "${name}"`;
  if (!isRecord(value)) throw new FormatError(`${where}: must be an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    const known = Object.keys(DTYPES).join(", ");
    throw new FormatError(`${where}: dtype must be one of ${known}, got ${JSON.stringify(dtype)}`);
  }
  if (!isSizes(shape)) {
    throw new FormatError(`${where}: shape must be whole numbers, got ${JSON.stringify(shape)}`);
  }
  const [start, end] = isSizes(offsets) && offsets.length === 2 ? offsets : [];
  if (start === undefined || end === undefined || end < start) {
    const got = JSON.stringify(offsets);
    throw new FormatError(`${where}: data_offsets must be [start, end], got ${got}`);
  }
  const size = shape.reduce((product, length) => product * length, DTYPES[dtype].bytes);
  if (size !== end - start) {
    const got = `(${shape.join(", ")}) ${dtype} of ${size} bytes in ${end - start}`;
    throw new FormatError(`${where}: data_offsets must fit the shape, got ${got}`);
  }
  return { name, dtype, shape, start, end };
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(DTYPES, value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function checkCoverage(entries: readonly TensorEntry[], dataLength: number, path: string): void {
  let reached = 0;
  for (const { name, start, end } of entries) {
    const where = `${path}: tensor "${name}"`;
    if (start < reached) throw new FormatError(`${where}: overlaps the tensor before it`);
    if (start > reached) throw new FormatError(`${where}: leaves ${start - reached} bytes unused`);
    if (end > dataLength) {
      const got = `${end} of ${dataLength} bytes`;
      throw new FormatError(`${where}: must end inside the file, got ${got}`, {
        help: "the file is truncated",
      });
    }
    reached = end;
  }
  if (reached !== dataLength) {
    const rule = "nothing may follow the last tensor";
    throw new FormatError(`${path}: ${rule}, got ${dataLength - reached} bytes`);
  }
}
