// Safetensors: 8 bytes header length, a JSON header, the tensors' bytes. Written in pieces and read tensor by tensor, so
// that a model is never held twice. Only the types that training uses; no lazy mapping. Format:
// https://github.com/huggingface/safetensors#format (little-endian, as every platform that Node runs on).

import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { FormatError } from "../engine/core/errors.ts";
import { writeAtomically } from "./files.ts";
import { DTYPES, type Dtype, parseHeader, type TensorEntry } from "./safetensors-header.ts";

export type TensorData = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

export interface NamedTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** sha256, in hex, of the tensors' bytes in the order of the file. */
  readonly sha256: string;
}

/** Metadata key under which the writer leaves the digest and the reader checks it. */
const DIGEST_KEY = "sha256";

/** A file cannot be read in one call beyond 2 GiB; this is also small enough to hash while it is in the cache. */
const READ_BYTES = 1 << 24;

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Wider elements first, then by name: every tensor starts at a multiple of its element size. */
function fileOrder(tensors: readonly NamedTensor[]): NamedTensor[] {
  return [...tensors].sort(
    (a, b) => DTYPES[b.dtype].bytes - DTYPES[a.dtype].bytes || (a.name < b.name ? -1 : 1),
  );
}

/** sha256, in hex, of the tensors' bytes in the order in which they are written. Names and shapes do not enter. */
export function tensorDigest(tensors: readonly NamedTensor[]): string {
  const hash = createHash("sha256");
  for (const tensor of fileOrder(tensors)) hash.update(bytesOf(tensor.data));
  return hash.digest("hex");
}

/** The file in pieces: header, then each tensor's bytes without a copy. Equal input gives equal bytes. */
export function encodeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): { readonly pieces: Uint8Array[]; readonly sha256: string } {
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
  const sha256 = tensorDigest(tensors);
  const notes = { ...metadata, [DIGEST_KEY]: sha256 };
  const header = JSON.stringify(
    Object.fromEntries([
      ["__metadata__", Object.fromEntries(sorted(Object.entries(notes)))],
      ...sorted([...entries]),
    ]),
  );
  const pieces = [headerBytes(header), ...ordered.map((tensor) => bytesOf(tensor.data))];
  return { pieces, sha256 };
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
  const text = Buffer.from(json, "utf8");
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, " ");
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  text.copy(bytes, 8);
  return bytes;
}

/** Writes atomically; adds the digest to the metadata and returns it. */
export async function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { pieces, sha256 } = encodeSafetensors(tensors, metadata);
  await writeAtomically(path, pieces);
  return sha256;
}

/** Reads and checks the whole file. Throws FormatError naming the file for anything that is not sound. */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const header = await readHeader(file, size, path);
    const { entries, metadata, dataStart } = header;
    const hash = createHash("sha256");
    const tensors = new Map<string, NamedTensor>();
    for (const entry of entries) {
      const tensor = await readTensor({ file, entry, dataStart, path });
      hash.update(bytesOf(tensor.data));
      tensors.set(entry.name, tensor);
    }
    const sha256 = hash.digest("hex");
    const promised = metadata[DIGEST_KEY];
    if (promised !== undefined && promised !== sha256) {
      throw new FormatError(`${path}: tensor bytes must match the sha256 in the header`, {
        help: "the file was damaged after it was written; take another copy",
      });
    }
    return { tensors, metadata, sha256 };
  } finally {
    await file.close();
  }
}

async function readHeader(file: FileHandle, size: number, path: string) {
  if (size < 8) throw new FormatError(`${path}: is too short for safetensors, got ${size} bytes`);
  const prefix = await readBytes(file, { position: 0, length: 8, path });
  const length = Buffer.from(prefix.buffer).readBigUInt64LE(0);
  if (length > BigInt(size - 8)) {
    const rule = "header must end inside the file";
    throw new FormatError(`${path}: ${rule}, got ${length} bytes of ${size - 8}`, {
      help: "the file is truncated, or it is not safetensors",
    });
  }
  const text = await readBytes(file, { position: 8, length: Number(length), path });
  const dataStart = 8 + Number(length);
  return { ...parseHeader(text, size - dataStart, path), dataStart };
}

interface TensorRead {
  readonly file: FileHandle;
  readonly entry: TensorEntry;
  readonly dataStart: number;
  readonly path: string;
}

async function readTensor({ file, entry, dataStart, path }: TensorRead): Promise<NamedTensor> {
  const { name, dtype, shape, start, end } = entry;
  const bytes = await readBytes(file, { position: dataStart + start, length: end - start, path });
  return { name, dtype, shape, data: new DTYPES[dtype].array(bytes.buffer) };
}

/** A buffer of its own, so that any element type can view it from its start. */
async function readBytes(
  file: FileHandle,
  at: { position: number; length: number; path: string },
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(at.length);
  let done = 0;
  while (done < at.length) {
    const length = Math.min(READ_BYTES, at.length - done);
    const { bytesRead } = await file.read(bytes, done, length, at.position + done);
    if (bytesRead === 0) throw new FormatError(`${at.path}: ended while it was being read`);
    done += bytesRead;
  }
  return bytes;
}
