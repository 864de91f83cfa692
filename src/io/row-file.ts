// A file of equally long rows of float32 that grows block by block and can be taken up where it was left: for results
// that cost hours and can be had again. Until it is complete it has the name of a part (part-file.ts); then it ends in the
// sha256 of its rows.

import { createHash, type Hash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, rename, rm, stat, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { VitrineError } from "../engine/core/errors.ts";
import { reasonOf } from "./files.ts";
import { claimPart, releasePart } from "./part-file.ts";

const DIGEST_BYTES = 32;
/** Read at a time; whole rows of it. */
const BLOCK_BYTES = 8 * 2 ** 20;

export interface RowFileShape {
  readonly rows: number;
  /** Of a row. */
  readonly elements: number;
}

interface State {
  /** The file that has the rows: the part, or the complete one. */
  readonly source: string;
  readonly isComplete: boolean;
  readonly rows: number;
}

export class RowFile {
  readonly #path: string;
  readonly #source: string;
  readonly #shape: RowFileShape;
  readonly #isComplete: boolean;
  readonly #hash: Hash = createHash("sha256");
  #rows: number;

  private constructor(path: string, shape: RowFileShape, { source, isComplete, rows }: State) {
    this.#path = path;
    this.#source = source;
    this.#shape = shape;
    this.#isComplete = isComplete;
    this.#rows = rows;
  }

  /** Finds out what is there: all rows, some, or none. A complete file whose size or digest is wrong counts as none. */
  static async open(path: string, shape: RowFileShape): Promise<RowFile> {
    const rowBytes = 4 * shape.elements;
    if (existsSync(path)) {
      if (await isIntact(path, shape.rows * rowBytes)) {
        return new RowFile(path, shape, { source: path, isComplete: true, rows: shape.rows });
      }
      await rm(path);
    }
    await mkdir(dirname(path), { recursive: true });
    const part = await claimPart(path);
    const bytes = existsSync(part) ? (await stat(part)).size : 0;
    const rows = Math.min(shape.rows, Math.floor(bytes / rowBytes));
    if (bytes > rows * rowBytes) await truncate(part, rows * rowBytes);
    return new RowFile(path, shape, { source: part, isComplete: false, rows });
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
    const file = await open(this.#source, "r");
    try {
      const end = this.#rows * rowBytes;
      for (let at = 0; at < end; at += block) {
        const bytes = new Uint8Array(Math.min(block, end - at));
        await file.read(bytes, 0, bytes.length, at);
        if (!this.#isComplete) this.#hash.update(bytes);
        yield new Float32Array(bytes.buffer);
      }
    } finally {
      await file.close();
    }
  }

  /** Adds whole rows. Call it after `read` has been read to its end. */
  async append(values: Float32Array): Promise<void> {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#hash.update(bytes);
    await this.#write(bytes);
    this.#rows += values.length / this.#shape.elements;
  }

  /** All rows are there: the file gets its name. */
  async finish(): Promise<void> {
    if (this.#isComplete) return;
    await this.#write(this.#hash.digest());
    await rename(this.#source, this.#path);
  }

  /** Leaves what is not complete to whoever opens it next. */
  async release(): Promise<void> {
    if (!this.#isComplete) await releasePart(this.#path);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      const file = await open(this.#source, "a");
      await file.writeFile(bytes).finally(() => file.close());
    } catch (cause) {
      const reason = reasonOf(cause as NodeJS.ErrnoException);
      throw new VitrineError(`${this.#path}: cannot be written, got ${reason}`, { cause });
    }
  }
}

async function isIntact(path: string, bytes: number): Promise<boolean> {
  const file = await open(path, "r");
  try {
    if ((await file.stat()).size !== bytes + DIGEST_BYTES) return false;
    const hash = createHash("sha256");
    const block = new Uint8Array(BLOCK_BYTES);
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await file.read(block, 0, Math.min(block.length, bytes - at), at);
      hash.update(block.subarray(0, bytesRead));
      at += bytesRead;
    }
    const digest = new Uint8Array(DIGEST_BYTES);
    await file.read(digest, 0, DIGEST_BYTES, bytes);
    return hash.digest().equals(digest);
  } finally {
    await file.close();
  }
}
