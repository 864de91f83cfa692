// A file of equally long rows of float32 that grows block by block and can be taken up where it was left: for results
// that cost hours and can be had again. Until it is complete it has the name of a part (part-file.ts), and beside it lies a list of
// digests, one for every block: what does not agree with it is not gone on from. Then the file ends in the sha256 of its rows.

import { createHash, type Hash } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { VitrineError } from "../engine/core/errors.ts";
import { reasonOf } from "./files.ts";
import { claimPart, type Part } from "./part-file.ts";

const DIGEST_BYTES = 32;
/** Read at a time; whole rows of it. */
const BLOCK_BYTES = 8 * 2 ** 20;

export interface RowFileShape {
  readonly rows: number;
  /** Of a row. */
  readonly elements: number;
}

/** Of the list beside a part: bytes of rows so far, as a float64, and their digest. */
const RECORD_BYTES = 8 + DIGEST_BYTES;

interface State {
  /** Null: the file is complete. */
  readonly part: Part | null;
  readonly rows: number;
  /** Of those rows, where there is more to come. */
  readonly hash: Hash;
}

export class RowFile {
  readonly #path: string;
  readonly #shape: RowFileShape;
  readonly #part: Part | null;
  readonly #hash: Hash;
  #rows: number;

  private constructor(path: string, shape: RowFileShape, { part, rows, hash }: State) {
    this.#path = path;
    this.#shape = shape;
    this.#part = part;
    this.#hash = hash;
    this.#rows = rows;
  }

  /**
   * Finds out what is there: all rows, some, or none. A complete file whose size or digest is wrong counts as none,
   * and so do rows of a part from the first on that its digests deny. */
  static async open(path: string, shape: RowFileShape): Promise<RowFile> {
    const rowBytes = 4 * shape.elements;
    if (existsSync(path)) {
      if (await isIntact(path, shape.rows * rowBytes)) {
        return new RowFile(path, shape, {
          part: null,
          rows: shape.rows,
          hash: createHash("sha256"),
        });
      }
      await rm(path);
    }
    await mkdir(dirname(path), { recursive: true });
    const part = await claimPart(path);
    const { bytes, hash } = await soundBytes(part.path, shape.rows * rowBytes, rowBytes);
    return new RowFile(path, shape, { part, rows: bytes / rowBytes, hash });
  }

  /** Rows that are there. */
  get rows(): number {
    return this.#rows;
  }

  /** The rows that are there, in blocks. */
  async *read(): AsyncIterable<Float32Array<ArrayBuffer>> {
    if (this.#rows === 0) return;
    const rowBytes = 4 * this.#shape.elements;
    const block = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes)) * rowBytes;
    const file = await open(this.#part?.path ?? this.#path, "r");
    try {
      const end = this.#rows * rowBytes;
      for (let at = 0; at < end; at += block) {
        const bytes = new Uint8Array(Math.min(block, end - at));
        await file.read(bytes, 0, bytes.length, at);
        yield new Float32Array(bytes.buffer);
      }
    } finally {
      await file.close();
    }
  }

  /** Adds whole rows. */
  async append(values: Float32Array): Promise<void> {
    if (!this.#part) throw new VitrineError(`${this.#path}: is complete, got more rows`);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#hash.update(bytes);
    await this.#write(this.#part.path, bytes);
    this.#rows += values.length / this.#shape.elements;
    const record = Buffer.alloc(RECORD_BYTES);
    record.writeDoubleLE(4 * this.#rows * this.#shape.elements);
    record.set(this.#hash.copy().digest(), 8);
    await this.#write(digestsOf(this.#part.path), record);
  }

  /** All rows are there: the file gets its name. */
  async finish(): Promise<void> {
    if (!this.#part) return;
    await this.#write(this.#part.path, this.#hash.copy().digest());
    await rename(this.#part.path, this.#path);
    await rm(digestsOf(this.#part.path), { force: true });
  }

  /** Leaves what is not complete to whoever opens it next. */
  async release(): Promise<void> {
    await this.#part?.release();
  }

  async #write(file: string, bytes: Uint8Array): Promise<void> {
    try {
      const opened = await open(file, "a");
      await opened.writeFile(bytes).finally(() => opened.close());
    } catch (cause) {
      const reason = reasonOf(cause as NodeJS.ErrnoException);
      throw new VitrineError(`${this.#path}: cannot be written, got ${reason}`, { cause });
    }
  }
}

function digestsOf(part: string): string {
  return `${part}.digests`;
}

/** How much of a part agrees with its digests; the rest is cut off, and the list where it ends. */
async function soundBytes(part: string, most: number, rowBytes: number) {
  const list = await readFile(digestsOf(part)).catch(() => Buffer.alloc(0));
  const hash = createHash("sha256");
  let sound = { bytes: 0, records: 0, hash: hash.copy() };
  const file = await open(part, "r");
  try {
    const { size } = await file.stat();
    let at = 0;
    for (let records = 1; records * RECORD_BYTES <= list.length; records++) {
      const record = list.subarray((records - 1) * RECORD_BYTES, records * RECORD_BYTES);
      const bytes = record.readDoubleLE();
      if (!(bytes > at && bytes <= Math.min(size, most) && bytes % rowBytes === 0)) break;
      at = await hashTo(file, hash, { from: at, to: bytes });
      if (!hash.copy().digest().equals(record.subarray(8))) break;
      sound = { bytes, records, hash: hash.copy() };
    }
  } finally {
    await file.close();
  }
  await truncate(part, sound.bytes);
  if (list.length > 0) await truncate(digestsOf(part), sound.records * RECORD_BYTES);
  return sound;
}

async function hashTo(
  file: FileHandle,
  hash: Hash,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  const block = new Uint8Array(Math.min(BLOCK_BYTES, to - from));
  for (let at = from; at < to; ) {
    const { bytesRead } = await file.read(block, 0, Math.min(block.length, to - at), at);
    if (bytesRead === 0) break;
    hash.update(block.subarray(0, bytesRead));
    at += bytesRead;
  }
  return to;
}

async function isIntact(path: string, bytes: number): Promise<boolean> {
  const file = await open(path, "r");
  try {
    if ((await file.stat()).size !== bytes + DIGEST_BYTES) return false;
    const hash = createHash("sha256");
    await hashTo(file, hash, { from: 0, to: bytes });
    const digest = new Uint8Array(DIGEST_BYTES);
    await file.read(digest, 0, DIGEST_BYTES, bytes);
    return hash.digest().equals(digest);
  } finally {
    await file.close();
  }
}
