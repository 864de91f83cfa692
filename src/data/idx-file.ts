// IDX files on the disk: plain or gzipped, told apart by their first bytes.

import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { constants, gunzip, gunzipSync } from "node:zlib";
import { FormatError, messageOf } from "../engine/core/errors.ts";
import type { Dataset } from "./dataset.ts";
import {
  CUT_SHORT,
  type IdxPair,
  idxDataset,
  isGzip,
  MOST_IDX_BYTES,
  promisedBytes,
} from "./idx.ts";

/** A file's bytes, unpacked if gzipped. Errors name the file: missing, empty, damaged. */
export async function readIdxBytes(file: string): Promise<Uint8Array> {
  const unreadable = (cause: NodeJS.ErrnoException): never => {
    const reason = cause.code === "ENOENT" ? "no such file" : `cannot be read, got ${cause.code}`;
    throw new FormatError(`${file}: ${reason}`, { cause });
  };
  const entry = await stat(file).catch(unreadable);
  if (!entry.isFile()) throw new FormatError(`${file}: must be a regular file, got something else`);
  const bytes = await readFile(file).catch(unreadable);
  if (bytes.length === 0) throw new FormatError(`${file}: the file is empty`, { help: CUT_SHORT });
  const plain = isGzip(bytes) ? await unpack(bytes, file) : bytes;
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
}

async function unpack(bytes: Uint8Array, file: string): Promise<Buffer> {
  try {
    // What the header within promises, and a byte that would be too many: a small file can unpack into gigabytes.
    const maxOutputLength = Math.min(MOST_IDX_BYTES, promised(bytes) + 1);
    return await promisify(gunzip)(bytes, { maxOutputLength });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new FormatError(`${file}: unpacks into more than its header promises, or than 1 GiB`, {
        help: CUT_SHORT,
        cause,
      });
    }
    const reason = messageOf(cause);
    throw new FormatError(`${file}: the gzip data does not unpack, got "${reason}"`, {
      help: CUT_SHORT,
      cause,
    });
  }
}

/** Bytes that the header of a packed file speaks of. */
function promised(packed: Uint8Array): number {
  return promisedBytes(
    gunzipSync(packed.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH }),
  );
}

/** A data set from an images file and its labels file. */
export async function readIdxDataset(pair: IdxPair): Promise<Dataset> {
  const [imageBytes, labelBytes] = await Promise.all([
    readIdxBytes(pair.images),
    readIdxBytes(pair.labels),
  ]);
  return idxDataset(pair, { imageBytes, labelBytes });
}
