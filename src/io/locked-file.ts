// The operating system's lock on an open file. It goes with the process that holds it, however that ends, so that a file that is
// being written is told from one that was left, whatever numbers processes have. Closing the file releases it.

import { closeSync, fstatSync, openSync, rmSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { tryLock } from "fs-native-extensions";

/** Where the file system knows no locks, a file that is being written has changed within this time. */
const UNTOUCHED_MS = 600_000;

/** A new file, locked; null where there is one already. Throws what the file system throws. */
export function createLocked(path: string): number | null {
  const fd = openIf(path, "wx+", "EEXIST");
  if (fd === null) return null;
  // Whoever sweeps may have come between the two calls.
  if (isFree(fd) !== false && isStillThere(path, fd)) return fd;
  closeSync(fd);
  return null;
}

/** A file that nobody writes any more, locked; null where somebody does, and where there is none. */
export function lockAbandoned(path: string): number | null {
  const fd = openIf(path, "r+", "ENOENT");
  if (fd === null) return null;
  const isLeft = isFree(fd) ?? Date.now() - fstatSync(fd).mtimeMs > UNTOUCHED_MS;
  if (isLeft && isStillThere(path, fd)) return fd;
  closeSync(fd);
  return null;
}

/** Removes the files of the folder that have such names and that nobody writes any more. */
export async function sweepAbandoned(folder: string, isOurs: (name: string) => boolean) {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter(isOurs)) {
    const path = join(folder, name);
    try {
      const fd = lockAbandoned(path);
      if (fd === null) continue;
      rmSync(path, { force: true });
      closeSync(fd);
    } catch {
      // Somebody else's, or a folder: it does not stand in the way.
    }
  }
}

function openIf(path: string, flags: string, expected: string): number | null {
  try {
    return openSync(path, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === expected) return null;
    throw error;
  }
}

/** True: it is ours now; false: somebody has it; null: the file system knows no locks. */
export function isFree(fd: number): boolean | null {
  try {
    return tryLock(fd);
  } catch {
    return null;
  }
}

/** Who held a file may have removed or renamed it between opening and locking: the lock is then on one that nobody finds. */
export function isStillThere(path: string, fd: number): boolean {
  const own = fstatSync(fd);
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.ino === own.ino && found.dev === own.dev;
}
