// Where set-up keeps its things, and the few ways in which it may change them: write beside, then
// rename. Not for the engine or the commands: plain JavaScript that runs before node_modules exists.
import { randomBytes } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, whatever the current directory is. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

/**
 * The project's `.cache`; of an installed package, and where the project lies on something that cannot be written, the person's
 * own.
 * @param {string} [root]
 * @param {NodeJS.ProcessEnv} [env]
 */
export function cacheFolder(root = ROOT, env = process.env) {
  const own = join(root, ".cache");
  const isInstalled = dirname(root).split(sep).includes("node_modules");
  if (!isInstalled && isWritable(existsSync(own) ? own : root)) return own;
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "vitrine");
}

/** @param {string} path */
function isWritable(path) {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Everything that set-up makes, apart from node_modules, lies in here. Safe to delete. */
export const CACHE = cacheFolder();

const TEMPORARY = "tmp-";

/**
 * A new empty folder, in `beside` so that a rename from it stays within one file system.
 * @param {string} [beside]
 */
export function temporaryFolder(beside = CACHE) {
  const folder = join(beside, `${TEMPORARY}${process.pid}-${randomBytes(4).toString("hex")}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * Deletes what interrupted runs left behind. Call it only while holding the set-up lock. A program
 * that outlived its killed launcher may still write there: what cannot go now goes next time.
 * @param {string} [cache]
 */
export function sweepTemporary(cache = CACHE) {
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache)) {
    if (name.startsWith(TEMPORARY)) discard(join(cache, name));
  }
}

/**
 * Deletes a file or folder; a leftover that resists is no reason to fail.
 * @param {string} path
 */
export function discard(path) {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
  } catch {
    // Swept again by the next set-up.
  }
}

/**
 * Puts the finished folder `from` in the place of `to`. At every moment `to` is the old one, absent
 * or the new one, never a mixture. `parking` takes the old one until it is deleted.
 * @param {string} from
 * @param {string} to
 * @param {string} [parking]
 */
export function replaceFolder(from, to, parking = CACHE) {
  mkdirSync(dirname(to), { recursive: true });
  const old = temporaryFolder(parking);
  if (lstatSync(to, { throwIfNoEntry: false })) renameSync(to, join(old, "old"));
  renameSync(from, to);
  discard(old);
}

/**
 * @param {string} path
 * @param {string} text
 */
export function writeAtomically(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/**
 * A JSON file's object, or null where it is missing, broken or no object.
 * @param {string} path
 * @returns {Record<string, unknown> | null}
 */
export function readJson(path) {
  try {
    // A pipe would be read for ever.
    if (!statSync(path).isFile()) return null;
    const value = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}

/**
 * Bytes in all files below a folder; entries that vanish meanwhile count as nothing.
 * @param {string} folder
 * @returns {number}
 */
export function folderBytes(folder) {
  let bytes = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) bytes += folderBytes(path);
      else bytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
    }
  } catch {
    // Another program is writing here, which is why it is being measured.
  }
  return bytes;
}
