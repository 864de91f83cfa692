// Files written whole or not at all: a temporary name in the same folder, fsync, rename. Also the run folder and stable
// JSON. It knows no format beyond JSON and never reads data sets.

import { randomBytes } from "node:crypto";
import { closeSync, existsSync, rmdirSync } from "node:fs";
import { access, constants, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { UsageError, VitrineError } from "../engine/core/errors.ts";
import { createLocked, sweepAbandoned } from "./locked-file.ts";

/** What a file may hold; several pieces are written one after another without being joined in memory. */
export type FileContent = string | Uint8Array | Iterable<Uint8Array>;

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Writes the file so that a reader sees the old content or all of the new, also after a crash or a full disk. */
export function writeAtomically(path: string, data: FileContent): Promise<void> {
  return writeThroughTemporary(path, (temporary) => writeNew(temporary, data));
}

/**
 * The same for a file that `write` makes itself, under a temporary name in the same folder. What the file system throws
 * becomes a VitrineError that names the file; other errors pass. Nothing stays of a file that was not finished.
 */
export async function writeThroughTemporary(
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const [folder, name] = [dirname(path), `.${basename(path)}.`];
  await sweepLeft(folder, name);
  const suffix = `${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  const temporary = join(folder, name + suffix);
  let lock: number | null = null;
  try {
    // Locked while it is written, so that what a killed process left is told from it.
    lock = createLocked(temporary);
    await write(temporary);
    await syncFile(temporary);
    await rename(temporary, path);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    // What Node says of a full disk names no file.
    throw new VitrineError(
      `${path}: cannot be written, got ${reasonOf(cause as NodeJS.ErrnoException)}`,
      { cause },
    );
  } finally {
    if (lock !== null) closeSync(lock);
  }
  await syncFolder(folder);
}

/** How a temporary name ends, and that of a part of it which a writer puts beside it. */
const LEFT = /\.\d+\.[0-9a-f]{8}\.tmp$/;
const PART_LEFT = /^(.*\.\d+\.[0-9a-f]{8}\.tmp)\.\w+$/;

/** What killed processes left of a file; `name` is how its temporary names begin. */
async function sweepLeft(folder: string, name: string): Promise<void> {
  await sweepAbandoned(folder, (found) => found.startsWith(name) && LEFT.test(found));
  for (const found of await readdir(folder).catch(() => [])) {
    const whole = found.startsWith(name) ? PART_LEFT.exec(found)?.[1] : undefined;
    if (whole === undefined || existsSync(join(folder, whole))) continue;
    await unlink(join(folder, found)).catch(() => undefined);
  }
}

/** What the system says, `no space left on device`, where it says anything; else the code. */
export function reasonOf({ errno = 0, code = "" }: NodeJS.ErrnoException): string {
  return getSystemErrorMap().get(errno)?.[1] ?? code;
}

async function writeNew(path: string, data: FileContent): Promise<void> {
  const file = await open(path, "w");
  try {
    if (typeof data === "string" || data instanceof Uint8Array) await file.writeFile(data);
    else for (const piece of data) await file.writeFile(piece);
  } finally {
    await file.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself survive a power cut; Windows cannot open a folder, and does not need it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  if (folder === undefined) return;
  await folder.sync().catch(() => undefined);
  await folder.close();
}

/** JSON with its keys sorted at every depth, so that equal values are equal files. NaN and infinities become null. */
export function stableJson(value: JsonValue, indent = 2): string {
  return JSON.stringify(sortKeys(value), null, indent);
}

function sortKeys(value: JsonValue): JsonValue {
  if (isJsonList(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sortKeys(value[key])]));
}

/** Array.isArray alone does not narrow a readonly array. */
function isJsonList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export async function writeJson(path: string, value: JsonValue): Promise<void> {
  await writeAtomically(path, `${stableJson(value)}\n`);
}

const OUT = { argument: "out" };

export interface PrepareOutOptions {
  /** A run that resumes goes on in the folder that it left; default false. */
  readonly mayExist?: boolean;
  /** A file that does not count. */
  readonly ignore?: string;
}

/**
 * Creates the folder of a run, with its parents, and proves that it can be written before any work is done. Folders that
 * it made and that are still empty when the process ends are removed again: a run that saved nothing leaves nothing.
 * Throws UsageError, naming `out`, for a file, for a folder with something in it, and for a place that cannot be written.
 */
export async function prepareOut(path: string, options: PrepareOutOptions = {}): Promise<void> {
  if (path === "") throw new UsageError("out: must name a folder, got an empty string", OUT);
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) {
    throw new UsageError(`out: must be a folder, got the file ${path}`, OUT);
  }
  try {
    await makeFolders(path);
    const entries = (await readdir(path)).filter((name) => name !== options.ignore);
    if (entries.length > 0 && options.mayExist !== true) throw notEmpty(path, entries.length);
    await proveWritable(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw unwritable(path, error);
  }
}

/** Whether a folder that is there cannot be written by this user, or on no account. */
export async function isReadOnly(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  return await access(path, constants.W_OK).then(
    () => false,
    () => true,
  );
}

/** Creates a folder that must not be there yet, with its parents; false where it is. Goes again if it stays empty. */
export async function claimNewFolder(path: string): Promise<boolean> {
  try {
    await makeFolders(dirname(path));
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw unwritable(path, error);
  }
  remember(path);
  return true;
}

/** Outermost first. */
const madeFolders: string[] = [];

/** Not mkdir's own recursion, which never returns where the system refuses with ENOENT, as /proc does (Node 20). */
async function makeFolders(path: string): Promise<void> {
  const parent = dirname(path);
  if (existsSync(path)) return;
  if (parent !== path) await makeFolders(parent);
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  remember(path);
}

function remember(path: string): void {
  if (madeFolders.length === 0) process.once("exit", removeEmptyFolders);
  madeFolders.push(resolve(path));
}

function removeEmptyFolders(): void {
  for (const path of madeFolders.reverse()) {
    try {
      rmdirSync(path);
    } catch {
      // Something was saved in it.
    }
  }
}

function notEmpty(path: string, count: number): UsageError {
  const entries = count === 1 ? "1 entry" : `${count} entries`;
  return new UsageError(`out: the folder must be new or empty, got ${path} with ${entries}`, {
    ...OUT,
    help: "choose another folder, or move the old one away",
    remedies: ["out"],
  });
}

/** Permission bits do not tell (read-only mounts, full disks, root), so a file is really written. */
async function proveWritable(path: string): Promise<void> {
  const probe = join(path, `.probe.${process.pid}.tmp`);
  try {
    await writeNew(probe, "x");
    await syncFile(probe);
  } finally {
    await unlink(probe).catch(() => undefined);
  }
}

function unwritable(path: string, cause: unknown): UsageError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return new UsageError(`out: must be a folder that can be written, got ${path} (${code})`, {
    ...OUT,
    help: "choose another folder",
    remedies: ["out"],
    cause,
  });
}
