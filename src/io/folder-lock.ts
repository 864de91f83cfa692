// One process at a time works in a folder that long work goes on in. The lock is the operating system's, on a file of the
// folder: it goes with the process, however that ends, and neither a number that is given out again, nor a zombie, nor
// another container on the same folder is taken for its holder. What the file says is for messages only.

import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { UsageError } from "../engine/core/errors.ts";
import { isFree, isStillThere } from "./locked-file.ts";

/** Name of the file within the folder. */
export const LOCK = ".lock";

/** The open files that hold the locks, by path. */
const held = new Map<string, number>();

/** Until this process ends. Throws UsageError while another process works in the folder. */
export function holdFolder(folder: string): void {
  const path = resolve(folder, LOCK);
  if (held.has(path)) return;
  const fd = lockFile(path);
  if (fd === null) {
    throw new UsageError(`out: is in use, got ${folder}, where ${holderOf(path)} works`, {
      argument: "out",
      help: "wait until it is done, or choose another folder",
      remedies: ["out"],
    });
  }
  ftruncateSync(fd);
  writeSync(fd, `${process.pid} ${hostname()}\n`);
  // Before the listener that removes empty folders.
  if (held.size === 0) process.prependOnceListener("exit", releaseAll);
  held.set(path, fd);
}

/** The file, locked; null where another process has it. */
function lockFile(path: string): number | null {
  for (;;) {
    const fd = openSync(path, "a+");
    // Some network file systems know no locks; there, work goes on as if nobody else were at it.
    if (isFree(fd) === false) {
      closeSync(fd);
      return null;
    }
    // Who held it may have removed the file between the two calls: the lock would then be on a file that nobody finds.
    if (isStillThere(path, fd)) return fd;
    closeSync(fd);
  }
}

/** `process 123 on host`, for people. */
function holderOf(path: string): string {
  // Who has just taken the lock writes its name a moment later, on a busy machine a second.
  for (let tries = 0; tries < 200; tries += 1) {
    const [pid, host] = namesIn(path);
    if (pid) return host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  return "another process";
}

function namesIn(path: string): string[] {
  try {
    return readFileSync(path, "utf8").trim().split(" ");
  } catch {
    return [];
  }
}

function releaseAll(): void {
  for (const [path, fd] of held) {
    try {
      // While it is held, so that nobody's but our own is removed.
      if (isStillThere(path, fd)) rmSync(path);
      closeSync(fd);
    } catch {
      // The folder is gone, and the lock with it.
    }
  }
  held.clear();
}
