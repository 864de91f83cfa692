// A file that arrives over several runs, if need be, under the name of a part (part-file.ts) until it is whole and right.
// Knows nothing of where it comes from.
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { claimPart, type Part } from "../io/part-file.ts";

export class PartialFile {
  readonly #path: string;
  readonly #part: Part;
  #file: FileHandle | undefined;
  #hash: Hash = createHash("md5");
  #size = 0;

  private constructor(path: string, part: Part, file: FileHandle) {
    this.#path = path;
    this.#part = part;
    this.#file = file;
  }

  /** Takes over what an earlier attempt left, also one that was killed. */
  static async claim(path: string): Promise<PartialFile> {
    await mkdir(dirname(path), { recursive: true });
    const part = await claimPart(path);
    return new PartialFile(path, part, await open(part.path, "a"));
  }

  get size(): number {
    return this.#size;
  }

  md5(): string {
    return this.#hash.copy().digest("hex");
  }

  /** Counts and hashes what is there; before anything is appended. */
  async readBack(signal: AbortSignal): Promise<void> {
    for await (const chunk of createReadStream(this.#part.path, { highWaterMark: 1 << 20 })) {
      signal.throwIfAborted();
      this.#count(chunk);
    }
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#file?.appendFile(chunk);
    this.#count(chunk);
  }

  #count(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#size += chunk.length;
  }

  async empty(): Promise<void> {
    if (this.#size === 0) return;
    await this.#file?.truncate(0);
    this.#hash = createHash("md5");
    this.#size = 0;
  }

  /** The file takes its name, over an older one. */
  async complete(): Promise<void> {
    await this.#file?.sync();
    await this.#close();
    await rename(this.#part.path, this.#path);
    await this.#part.release();
  }

  /** Leaves what has come for the next attempt; nothing where nothing has come, or after `complete`. */
  async release(): Promise<void> {
    if (this.#file === undefined) return;
    await this.#close();
    await this.#part.release();
  }

  // Windows renames no open file.
  async #close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
