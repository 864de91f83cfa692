// A file that is not complete yet: `<path>.part`, or `<path>.<word>.part` while another process writes that one. Whoever writes
// it holds the system's lock on it, so that no two processes write one file, and what a killed one left is found. What is in
// it, and when it is complete, its owner knows.

import { randomBytes } from "node:crypto";
import { closeSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createLocked, lockAbandoned } from "./locked-file.ts";

export interface Part {
  readonly path: string;
  /** Leaves it to whoever claims it next, unless it has got another name; an empty one goes. */
  release(): Promise<void>;
}

/** This process's part: what an earlier owner left, also one that was killed, or a new one. */
export async function claimPart(path: string): Promise<Part> {
  const [longest, ...others] = await lockLeftovers(path);
  for (const { path: other, fd } of others) {
    await rm(other, { force: true });
    closeSync(fd);
  }
  const { path: own, fd } = longest ?? createPart(path);
  return { path: own, release: () => release(own, fd) };
}

interface Locked {
  readonly path: string;
  readonly fd: number;
}

function createPart(path: string): Locked {
  for (let name = `${path}.part`; ; name = `${path}.${randomBytes(4).toString("hex")}.part`) {
    const fd = createLocked(name);
    if (fd !== null) return { path: name, fd };
  }
}

async function release(path: string, fd: number): Promise<void> {
  const size = await sizeOf(path);
  if (size === 0) await rm(path, { force: true });
  closeSync(fd);
}

/** What nobody writes any more, the longest first. */
async function lockLeftovers(path: string): Promise<Locked[]> {
  const stem = `${basename(path)}.`;
  const names = (await readdir(dirname(path))).filter(
    (name) => name.startsWith(stem) && /^(\w+\.)?part$/.test(name.slice(stem.length)),
  );
  const found: (Locked & { readonly size: number })[] = [];
  for (const name of names) {
    const part = join(dirname(path), name);
    const fd = lockAbandoned(part);
    if (fd !== null) found.push({ path: part, fd, size: (await sizeOf(part)) ?? 0 });
  }
  return found.sort((a, b) => b.size - a.size);
}

async function sizeOf(path: string): Promise<number | null> {
  return await stat(path).then(
    ({ size }) => size,
    () => null,
  );
}
