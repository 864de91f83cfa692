// Files and folders that hold models, but not as Keras's .keras and .h5: recognised by what is in them, and refused.

import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  CHECKPOINT,
  type Foreign,
  foreignError,
  HEAD_BYTES,
  isCheckpoint,
  kindOfHead,
  kindOfName,
  SAVED_MODEL,
  TENSORFLOW_JS,
} from "./foreign-kinds.ts";

/** Throws FormatError for what is recognised; anything else is left to those who read Keras's own files. */
export function refuseForeign(path: string): void {
  const found = recognise(path);
  if (found) throw foreignError(path, found);
}

/** Whether `refuseForeign` would throw. A saved run is none, whatever else its folder holds. */
export function isForeign(path: string): boolean {
  return recognise(path) !== null && !existsSync(join(path, "config.json"));
}

function recognise(path: string): Foreign | null {
  const found = statSync(path, { throwIfNoEntry: false });
  // A checkpoint is called by what its files' names have in common.
  if (!found) return existsSync(`${path}.index`) ? CHECKPOINT : null;
  if (found.isDirectory()) return ofFolder(readdirSync(path));
  return found.isFile() ? (ofName(path) ?? kindOfHead(headOf(path))) : null;
}

function ofFolder(names: readonly string[]): Foreign | null {
  if (names.some((name) => /^saved_model\.pb(txt)?$/.test(name))) return SAVED_MODEL;
  if (names.includes("model.json")) return TENSORFLOW_JS;
  if (names.includes("checkpoint") || names.some(isCheckpoint)) return CHECKPOINT;
  return null;
}

function ofName(path: string): Foreign | null {
  const name = basename(path);
  const isPart = name.endsWith(".bin") && existsSync(join(dirname(path), "model.json"));
  return isPart ? TENSORFLOW_JS : kindOfName(name);
}

function headOf(path: string): Uint8Array {
  const file = openSync(path, "r");
  try {
    const head = new Uint8Array(HEAD_BYTES);
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}
