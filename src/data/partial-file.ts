// A file that arrives over several runs, if need be: `<path>.part` until it is whole and right. Knows nothing of where it
// comes from. While a process writes, the name also holds its number, so that no two processes write one file.
// Within one process, one at a time for a path.
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isRunning } from "../io/running-process.ts";

export class PartialFile {
  readonly #path: string;
  readonly #mine: string;
  #file: FileHandle | undefined;
  #hash: Hash = createHash("md5");
  #size = 0;

  private constructor(path: string, mine: string, file: FileHandle) {
    this.#path = path;
    this.#mine = mine;
    this.#file = file;
  }

  /** Takes over what an earlier attempt left, also one that was killed. */
  static async claim(path: string): Promise<PartialFile> {
    await mkdir(dirname(path), { recursive: true });
    const mine = `${path}.${process.pid}.part`;
    await takeOver(await leftovers(path), mine);
    return new PartialFile(path, mine, await open(mine, "a"));
  }

  get size(): number {
    return this.#size;
  }

  md5(): string {
    return this.#hash.copy().digest("hex");
  }

  /** Counts and hashes what is there; before anything is appended. */
  async readBack(signal: AbortSignal): Promise<void> {
    for await (const chunk of createReadStream(this.#mine, { highWaterMark: 1 << 20 })) {
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
    await rename(this.#mine, this.#path);
  }

  /** Leaves what has come for the next attempt; nothing where nothing has come, or after `complete`. */
  async release(): Promise<void> {
    if (this.#file === undefined) return;
    const { size } = await this.#file.stat();
    await this.#close();
    if (size === 0) await rm(this.#mine, { force: true });
    else await rename(this.#mine, `${this.#path}.part`);
  }

  // Windows renames no open file.
  async #close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

/** The longest goes on; the others are of no use. */
async function takeOver(found: readonly string[], mine: string): Promise<void> {
  const [longest, ...others] = found;
  for (const path of others) await rm(path, { force: true });
  if (longest === undefined || longest === mine) return;
  await rename(longest, mine).catch((error: NodeJS.ErrnoException) => {
    // Another process was faster.
    if (error.code !== "ENOENT") throw error;
  });
}

/** What nobody writes any more, the longest first. */
async function leftovers(path: string): Promise<string[]> {
  const folder = dirname(path);
  const stem = `${basename(path)}.`;
  const found: { readonly path: string; readonly size: number }[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(stem) || !isLeftover(name.slice(stem.length))) continue;
    const size = await stat(join(folder, name)).then(
      (entry) => entry.size,
      () => 0,
    );
    found.push({ path: join(folder, name), size });
  }
  return found.sort((a, b) => b.size - a.size).map((entry) => entry.path);
}

function isLeftover(ending: string): boolean {
  const pid = /^(\d+)\.part$/.exec(ending)?.[1];
  if (pid === undefined) return ending === "part";
  // Our own number is from an earlier life: in containers, numbers come back.
  return Number(pid) === process.pid || !isRunning(Number(pid));
}
