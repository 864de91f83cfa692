// Streamed files that appear under their name only when complete: written beside it, then renamed.
// Small files that fit in one buffer have no need of it.
import { randomBytes } from "node:crypto";
import { closeSync, createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createLocked, sweepAbandoned } from "../io/locked-file.ts";

/** Writes the chunks to `path`; on any error the old file stays and the temporary one goes. */
export async function replaceFile(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const stem = `${basename(path)}.`;
  // A killed process leaves its temporary file; another may be writing its own at this moment.
  await sweepAbandoned(
    dirname(path),
    (name) => name.startsWith(stem) && /^\w+\.part$/.test(name.slice(stem.length)),
  );
  const temporary = `${path}.${randomBytes(4).toString("hex")}.part`;
  // Nobody else knows the name.
  const lock = createLocked(temporary);
  try {
    await pipeline(Readable.from(chunks, { objectMode: false }), createWriteStream(temporary));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    if (lock !== null) closeSync(lock);
  }
}
