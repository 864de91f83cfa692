// A lock by files alone, for systems without flock(1). Its files are numbered, and whoever has the highest number holds it, until
// that file says that it is released, or its holder is gone. To take it is to make the next number, which one alone can; and the
// highest number is never removed, so that who comes late finds out and steps back.
import { randomBytes } from "node:crypto";
import {
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

const HEARTBEAT_MS = 5_000;
/** For a holder that cannot be looked up: on another machine, or in another container. */
const SILENT_MS = 60_000;

/** @typedef {{ pid: number, started: string, place: string, token: string, released?: boolean }} Holder */

export class FileLock {
  #path;
  #silentMs;
  /**
   * The last sign of life that was seen, and when, by this process's own clock: clocks of other machines are no measure.
   * @type {{ sign: string, since: number } | null}
   */
  #seen = null;

  /**
   * @param {string} path the files are `<path>.<number>`
   * @param {{ silentMs?: number }} [options]
   */
  constructor(path, { silentMs = SILENT_MS } = {}) {
    this.#path = path;
    this.#silentMs = silentMs;
  }

  /** @returns {(() => void) | "held"} */
  tryTake() {
    const last = Math.max(0, ...this.#numbers());
    if (last > 0 && !this.#isOver(last)) return "held";
    const number = last + 1;
    const holder = { pid: process.pid, started: startOf(process.pid), place: placeOf() };
    const own = { ...holder, token: randomBytes(8).toString("hex") };
    if (!this.#make(number, own)) return "held";
    const numbers = this.#numbers();
    if (Math.max(...numbers) > number) {
      // Others have taken and left this number meanwhile.
      rmSync(this.#file(number), { force: true });
      return "held";
    }
    for (const old of numbers) if (old < number) rmSync(this.#file(old), { force: true });
    return this.#hold(number, own);
  }

  /**
   * @param {number} number
   * @param {Holder} own
   */
  #hold(number, own) {
    const file = this.#file(number);
    const beat = setInterval(() => touch(file), HEARTBEAT_MS);
    beat.unref();
    const release = () => {
      clearInterval(beat);
      process.off("exit", release);
      if (readHolder(file)?.token !== own.token) return;
      const aside = `${this.#path}.${own.token}`;
      writeFileSync(aside, JSON.stringify({ ...own, released: true }));
      renameSync(aside, file);
    };
    process.once("exit", release);
    return release;
  }

  /** @param {number} number */
  #file(number) {
    return `${this.#path}.${number}`;
  }

  #numbers() {
    const stem = `${basename(this.#path)}.`;
    return readdirSync(dirname(this.#path)).flatMap((name) => {
      const number = name.startsWith(stem) ? name.slice(stem.length) : "";
      return /^\d{1,9}$/.test(number) ? [Number(number)] : [];
    });
  }

  /**
   * A link appears with its contents, so nobody ever reads a lock half written.
   * @param {number} number
   * @param {Holder} own
   */
  #make(number, own) {
    const aside = join(dirname(this.#path), `${basename(this.#path)}.${own.token}`);
    try {
      writeFileSync(aside, JSON.stringify(own));
      linkSync(aside, this.#file(number));
      return true;
    } catch (error) {
      if (hasCode(error, "EEXIST")) return false;
      if (!hasCode(error, "EPERM") && !hasCode(error, "ENOTSUP")) throw error;
    } finally {
      rmSync(aside, { force: true });
    }
    try {
      // A file system without hard links.
      writeFileSync(this.#file(number), JSON.stringify(own), { flag: "wx" });
      return true;
    } catch (error) {
      if (hasCode(error, "EEXIST")) return false;
      throw error;
    }
  }

  /** @param {number} number */
  #isOver(number) {
    const file = this.#file(number);
    const holder = readHolder(file);
    if (holder?.released) return true;
    if (holder?.place === placeOf()) {
      const started = startOf(holder.pid);
      return started === "" ? !isAlive(holder.pid) : started !== holder.started;
    }
    const modified = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    const sign = `${number} ${modified}`;
    if (this.#seen?.sign !== sign) this.#seen = { sign, since: performance.now() };
    return performance.now() - this.#seen.since > this.#silentMs;
  }
}

/**
 * Where numbers of processes mean the same: one start of one machine, one namespace of it.
 */
function placeOf() {
  return [hostname(), bootId(), pidNamespace()].join(" ");
}

function bootId() {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

function pidNamespace() {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/**
 * @param {string} path
 * @returns {Holder | null}
 */
function readHolder(path) {
  try {
    const found = JSON.parse(readFileSync(path, "utf8"));
    const isHolder =
      typeof found?.place === "string" &&
      typeof found.started === "string" &&
      Number.isSafeInteger(found.pid) &&
      found.pid > 0;
    return isHolder ? found : null;
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
 * When a process started, in the kernel's ticks: tells two processes with the same number apart. `zombie` for one that was
 * killed but not yet waited for by its parent: it holds nothing any more. Empty where there is no such process, or no /proc.
 * @param {number} pid
 */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
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
