// Pictures that a URL of this machine names: a file's own, or what a server on loopback gives. Nothing is fetched from elsewhere.

import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FormatError, messageOf, UsageError } from "../engine/core/errors.ts";
import { boundedPieces } from "./bounded-pieces.ts";
import { localFetch } from "./proxied-fetch.ts";

const LOCAL: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** As large as a picture may be. */
const MOST_BYTES = 2 ** 27;
const PATIENCE_MS = 30_000;

export function isUrl(name: string): boolean {
  return /^[a-z][a-z+.-]+:\/\//i.test(name);
}

/**
 * The file that it names, or one that what it gives was written to, in a folder that goes away with the process. Throws UsageError for a URL of another
 * machine, FormatError where nothing can be had.
 */
export async function fileOfUrl(name: string, signal: AbortSignal): Promise<string> {
  if (!URL.canParse(name)) throw new UsageError(`IMAGE: must be a picture or its URL, got ${name}`);
  const url = new URL(name);
  if (url.protocol === "file:") return fileURLToPath(url);
  if (!/^https?:$/.test(url.protocol) || !LOCAL.has(url.hostname)) {
    throw new UsageError(
      `IMAGE: a URL must be of this machine (file:, http://localhost), got ${name}`,
      {
        help: "download the picture first: curl -O URL",
      },
    );
  }
  const within = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const bytes = await fetched(name, within);
  const folder = await mkdtemp(join(tmpdir(), "vitrine-picture-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, basename(url.pathname) || "picture");
  await writeFile(path, bytes);
  return path;
}

async function fetched(name: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const answer = await localFetch(name, signal);
    if (!answer.ok)
      throw new FormatError(`${name}: must give a picture, got status ${answer.status}`);
    const refuse = (): never => {
      throw new FormatError(`${name}: must give at most ${MOST_BYTES / 2 ** 20} MB, got more`);
    };
    const pieces: Uint8Array[] = [];
    for await (const piece of boundedPieces(answer, { most: MOST_BYTES, refuse }))
      pieces.push(piece);
    return Buffer.concat(pieces);
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    signal.throwIfAborted();
    const got = cause instanceof Error ? (cause.cause ?? cause) : cause;
    throw new FormatError(`${name}: must give a picture, got ${messageOf(got)}`, { cause });
  }
}
