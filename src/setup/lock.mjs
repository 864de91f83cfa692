// A lock between processes, as a file that names its holder. It makes a second set-up wait, and is
// taken over when its holder is gone. Not for many short waits: it polls.
import { randomBytes } from "node:crypto";
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { CACHE } from "./files.mjs";
import { say } from "./say.mjs";

export const LOCK = join(CACHE, "setup.lock");
const HEARTBEAT_MS = 5_000;
// Only for a holder on another machine or in another container, whose process cannot be looked up.
const SILENT_MS = 60_000;
const POLL_MS = 200;

/** @typedef {{ pid: number, started: string, host: string, token: string }} Holder */

/**
 * Runs `work` while holding the lock, waiting for it first. The lock goes with the process: on
 * success, on failure, and (by being stale) after a kill.
 * @template T
 * @param {() => Promise<T>} work
 * @param {string} [path]
 * @returns {Promise<T>}
 */
export async function withLock(work, path = LOCK) {
  const token = await acquire(path);
  const beat = setInterval(() => touch(path), HEARTBEAT_MS);
  beat.unref();
  const release = () => {
    if (readHolder(path)?.token === token) rmSync(path, { force: true });
  };
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    process.off("exit", release);
    release();
  }
}

/** @param {string} path */
async function acquire(path) {
  mkdirSync(dirname(path), { recursive: true });
  const token = randomBytes(8).toString("hex");
  const mine = `${path}.${token}`;
  const { pid } = process;
  const holder = { pid, started: startOf(pid), host: hostname(), token };
  let told = false;
  try {
    for (;;) {
      // A link appears with its contents, so nobody ever reads a lock half written.
      writeFileSync(mine, JSON.stringify(holder));
      if (tryLink(mine, path)) return token;
      if (isStale(path)) takeAway(path);
      else {
        if (!told) say("  another set-up of this project is running, waiting for it …");
        told = true;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    if (!hasCode(error, "EPERM") && !hasCode(error, "ENOTSUP")) throw error;
  }
  try {
    // A file system without hard links.
    writeFileSync(to, readFileSync(from), { flag: "wx" });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

/**
 * True where the lock's holder is gone: its process ended, or its number now belongs to another one.
 * @param {string} path
 */
export function isStale(path) {
  const holder = readHolder(path);
  const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (modified === undefined) return false;
  if (holder === null || holder.host !== hostname()) return Date.now() - modified > SILENT_MS;
  return !isAlive(holder.pid) || startOf(holder.pid) !== holder.started;
}

/**
 * Moves a stale lock away. Two waiters may both find it stale, and the slower one would then carry
 * off the faster one's new lock: it sees that by the contents, and puts it back.
 * @param {string} path
 */
function takeAway(path) {
  const stale = readHolder(path)?.token;
  const aside = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readHolder(aside)?.token !== stale) tryLink(aside, path);
  rmSync(aside, { force: true });
}

/**
 * @param {string} path
 * @returns {Holder | null}
 */
function readHolder(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function hasCode(error, code) {
  return error instanceof Error && "code" in error && error.code === code;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and is another user's.
    return hasCode(error, "EPERM");
  }
}

/**
 * When a process started, in the kernel's ticks: tells two processes with the same number apart.
 * @param {number} pid
 */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Killed, but not yet waited for by its parent: it holds nothing any more.
    return fields[0] === "Z" ? "zombie" : (fields[19] ?? "");
  } catch {
    return "";
  }
}

/** @param {string} path */
function touch(path) {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // The next beat will do.
  }
}
