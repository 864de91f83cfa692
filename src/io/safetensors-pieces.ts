// The bytes of a safetensors file, made in Node as in a browser: https://github.com/huggingface/safetensors#format

import { FormatError } from "../engine/core/errors.ts";
import {
  DTYPES,
  type Dtype,
  headerLength,
  PREFIX_BYTES,
  parseHeader,
} from "./safetensors-header.ts";

export type TensorData = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

export interface NamedTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Metadata key under which the writer leaves the digest and the reader checks it. */
export const DIGEST_KEY = "sha256";

export function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Wider elements first, then by name: every tensor starts at a multiple of its element size. */
export function fileOrder(tensors: readonly NamedTensor[]): NamedTensor[] {
  return [...tensors].sort(
    (a, b) => DTYPES[b.dtype].bytes - DTYPES[a.dtype].bytes || (a.name < b.name ? -1 : 1),
  );
}

/** The file in pieces: header, then each tensor's bytes without a copy. Equal input gives equal bytes. */
export function safetensorsPieces(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const ordered = fileOrder(tensors);
  const entries = new Map<string, object>();
  let offset = 0;
  for (const tensor of ordered) {
    checkTensor(tensor, entries);
    const end = offset + tensor.data.byteLength;
    const { dtype, shape } = tensor;
    entries.set(tensor.name, { dtype, shape, data_offsets: [offset, end] });
    offset = end;
  }
  const header = JSON.stringify(
    Object.fromEntries([
      ["__metadata__", Object.fromEntries(sorted(Object.entries(metadata)))],
      ...sorted([...entries]),
    ]),
  );
  return [headerBytes(header), ...ordered.map((tensor) => bytesOf(tensor.data))];
}

function sorted<T>(entries: [string, T][]): [string, T][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function checkTensor(tensor: NamedTensor, seen: ReadonlyMap<string, object>): void {
  const { name, dtype, shape, data } = tensor;
  const where = `safetensors: tensor "${name}"`;
  if (name === "__metadata__") throw new FormatError(`${where}: is a reserved name`);
  if (seen.has(name)) throw new FormatError(`${where}: names must be unique`);
  if (!(data instanceof DTYPES[dtype].array)) {
    throw new FormatError(`${where}: ${dtype} needs ${DTYPES[dtype].array.name}`);
  }
  const size = shape.reduce((product, length) => product * length, 1);
  if (size !== data.length) {
    const got = `shape (${shape.join(", ")}), ${data.length} values`;
    throw new FormatError(`${where}: the shape must hold all values, got ${got}`);
  }
}

/** Spaces after the JSON bring the tensors to a multiple of 8, as the format asks of writers. */
function headerBytes(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(" ".charCodeAt(0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, 8);
  return bytes;
}

export interface ReadTensors {
  /** In the order of their bytes. */
  readonly tensors: readonly NamedTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** A file that is in memory whole. Throws FormatError, naming it, for anything that is not sound; the digest is the caller's to compare. */
export function readSafetensorsBytes(bytes: Uint8Array, path: string): ReadTensors {
  const start = PREFIX_BYTES + headerLength(bytes, bytes.length, path);
  const header = bytes.subarray(PREFIX_BYTES, start);
  const { entries, metadata } = parseHeader(header, bytes.length - start, path);
  const tensors = entries.map(({ name, dtype, shape, ...range }): NamedTensor => {
    const own = bytes.slice(start + range.start, start + range.end);
    return { name, dtype, shape, data: new DTYPES[dtype].array(own.buffer) };
  });
  return { tensors, metadata };
}
