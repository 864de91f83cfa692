// Streamed files that appear under their name only when complete: written beside it, then renamed.
// Small files that fit in one buffer have no need of it.
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isRunning } from "../io/running-process.ts";

/** Writes the chunks to `path`; on any error the old file stays and the temporary one goes. */
export async function replaceFile(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await removeLeftovers(path);
  const temporary = `${path}.${process.pid}.part`;
  try {
    await pipeline(Readable.from(chunks, { objectMode: false }), createWriteStream(temporary));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

// A killed process leaves its temporary file; another process may be writing its own at this
// moment.
async function removeLeftovers(path: string): Promise<void> {
  const stem = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const pid = name.startsWith(stem)
      ? /^(\d+)\.part$/.exec(name.slice(stem.length))?.[1]
      : undefined;
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(join(dirname(path), name), { force: true });
  }
}
