// Safetensors: 8 bytes header length, a JSON header, the tensors' bytes. Written in pieces and read tensor by tensor, so
// that a model is never held twice. Only the types that training uses; no lazy mapping. Format:
// https://github.com/huggingface/safetensors#format (little-endian, as every platform that Node runs on).

import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { FormatError } from "../engine/core/errors.ts";
import { writeAtomically } from "./files.ts";
import {
  DTYPES,
  headerLength,
  PREFIX_BYTES,
  parseHeader,
  type TensorEntry,
} from "./safetensors-header.ts";
import {
  bytesOf,
  DIGEST_KEY,
  fileOrder,
  type NamedTensor,
  safetensorsPieces,
} from "./safetensors-pieces.ts";

export type { NamedTensor, TensorData } from "./safetensors-pieces.ts";

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** sha256, in hex, of the tensors' bytes in the order of the file. */
  readonly sha256: string;
}

/** A file cannot be read in one call beyond 2 GiB; this is also small enough to hash while it is in the cache. */
const READ_BYTES = 1 << 24;

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
  const sha256 = tensorDigest(tensors);
  return { pieces: safetensorsPieces(tensors, { ...metadata, [DIGEST_KEY]: sha256 }), sha256 };
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
  const prefix = await readBytes(file, { position: 0, length: Math.min(8, size), path });
  const length = headerLength(prefix, size, path);
  const text = await readBytes(file, { position: PREFIX_BYTES, length, path });
  const dataStart = PREFIX_BYTES + length;
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
