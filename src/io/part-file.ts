// The name of a file that is not complete yet: `<path>.part`, and while a process writes it, `<path>.<its number>.part`, so
// that no two processes write one file. What is in it, and when it is complete, its owner knows. Within one process, one
// at a time for a path.

import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isRunning } from "./running-process.ts";

/** This process's name for the part; what an earlier owner left, also one that was killed, goes by it now. */
export async function claimPart(path: string): Promise<string> {
  const mine = ownPart(path);
  const [longest, ...others] = await leftovers(path);
  for (const other of others) await rm(other, { force: true });
  if (longest === undefined || longest === mine) return mine;
  await rename(longest, mine).catch((error: NodeJS.ErrnoException) => {
    // Another process was faster.
    if (error.code !== "ENOENT") throw error;
  });
  return mine;
}

/** Leaves this process's part, if there is one, to the next that claims it; an empty one goes. */
export async function releasePart(path: string): Promise<void> {
  const mine = ownPart(path);
  const found = await stat(mine).catch(() => null);
  if (found?.size === 0) await rm(mine, { force: true });
  else if (found) await rename(mine, `${path}.part`);
}

function ownPart(path: string): string {
  return `${path}.${process.pid}.part`;
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
