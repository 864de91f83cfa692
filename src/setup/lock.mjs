// A lock between processes: it makes a second set-up wait, and is free again when its holder is gone, however that ended. The
// system's own lock where flock(1) is there to take it, else one by files. Not for many short waits: it polls.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { CACHE } from "./files.mjs";
import { tryFlock } from "./flock.mjs";
import { FileLock } from "./lock-file.mjs";
import { findProgram } from "./run.mjs";
import { say } from "./say.mjs";

export const LOCK = join(CACHE, "setup.lock");
const POLL_MS = 200;

/** @typedef {() => void | Promise<void>} Release */

/**
 * Runs `work` while holding the lock, waiting for it first. The lock goes with the process.
 * @template T
 * @param {() => Promise<T>} work
 * @param {string} [path]
 * @param {{ hasFlock?: boolean }} [means] for tests
 * @returns {Promise<T>}
 */
export async function withLock(
  work,
  path = LOCK,
  { hasFlock = findProgram("flock") !== null } = {},
) {
  const release = await acquire(path, hasFlock);
  try {
    return await work();
  } finally {
    await release();
  }
}

/**
 * @param {string} path
 * @param {boolean} hasFlock
 * @returns {Promise<Release>}
 */
async function acquire(path, hasFlock) {
  mkdirSync(dirname(path), { recursive: true });
  const files = new FileLock(path);
  let bySystem = hasFlock;
  let told = false;
  for (;;) {
    const outcome = bySystem ? await tryFlock(path) : files.tryTake();
    if (typeof outcome === "function") return outcome;
    if (outcome === "unsupported") bySystem = false;
    else {
      if (!told) say("  another set-up of this project is running, waiting for it …");
      told = true;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
