// The digest of a whole file, read in pieces. Of what is in memory, createHash itself is short enough.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** Instead of Node's 64 KiB: weights are large, and each piece costs a turn of the event loop. */
const PIECE_BYTES = 2 ** 20;

/** In hex. Throws what the file system throws, and the signal's reason. */
export async function fileDigest(
  path: string,
  algorithm: "md5" | "sha256",
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash(algorithm);
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
    signal?.throwIfAborted();
    hash.update(piece);
  }
  return hash.digest("hex");
}
