// The one reader of JSON that was saved: a regular file of a bounded size, and what saved-json.ts checks.

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type * as v from "valibot";
import { FormatError } from "../engine/core/errors.ts";
import { decodeJson, detailsOf, parseJson, type SavedJson, type Schema } from "./saved-json.ts";

const MOST_BYTES = 64 * 2 ** 20;

/** Throws what the file system throws, and FormatError for anything but what the schema describes. */
export async function readJson<S extends Schema>(
  path: string,
  schema: S,
  saved: SavedJson,
): Promise<v.InferOutput<S>> {
  return parseJson(await readText(path, saved), { schema, name: path, saved });
}

/** The same; null where there is no such file. */
export async function readJsonIfThere<S extends Schema>(
  path: string,
  schema: S,
  saved: SavedJson,
): Promise<v.InferOutput<S> | null> {
  return await readJson(path, schema, saved).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
}

/** The text of a file that may be JSON, bounded and whole. */
export async function readText(path: string, saved: SavedJson): Promise<string> {
  const { mostBytes = MOST_BYTES } = saved;
  // Not blocking: opening a pipe would wait for somebody to write into it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile()) {
      const got = found.isDirectory() ? "a folder" : "something else";
      throw new FormatError(`${path}: must be a file, got ${got}`, detailsOf(saved));
    }
    if (found.size > mostBytes) {
      const rule = `must be ${saved.what} of at most ${mostBytes} bytes`;
      throw new FormatError(`${path}: ${rule}, got ${found.size}`, detailsOf(saved));
    }
    return decodeJson(path, await file.readFile(), saved);
  } finally {
    await file.close();
  }
}
