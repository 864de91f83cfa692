// Weights as a server holds them: a safetensors file in pieces, so that it answers others between two of them.

import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { FormatError } from "../engine/core/errors.ts";
import { encodeSafetensors, type NamedTensor, readSafetensors } from "../io/safetensors.ts";
import type { WeightsRef } from "./trial-message.ts";
import { checkDigest, placeFor } from "./weights-exchange.ts";

const PIECE_BYTES = 1 << 23;

export function encodePieces(
  name: string,
  tensors: readonly NamedTensor[],
): WeightsRef & { readonly pieces: readonly Buffer[] } {
  const { pieces, sha256 } = encodeSafetensors(tensors);
  const bytes = Buffer.concat(pieces);
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  const parts = Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES),
  );
  return { place: placeFor(name), sha256, pieces: parts };
}

/** Through a file: that is what is checked. Throws FormatError where there is none, or another. */
export async function decodePieces(
  pieces: readonly Buffer[],
  { place, sha256 }: WeightsRef,
): Promise<readonly NamedTensor[]> {
  if (pieces.length === 0) {
    throw new FormatError(`worker: weights must be on the server, got none under ${place}`, {
      help: "the server lost them, or dropped them after a week; run the command again",
    });
  }
  const path = join(os.tmpdir(), `vitrine-${place}-${randomUUID()}.safetensors`);
  try {
    await writeFile(path, pieces, { flag: "wx" });
    const file = await readSafetensors(path);
    checkDigest(place, sha256, file.sha256);
    return [...file.tensors.values()];
  } finally {
    await rm(path, { force: true });
  }
}
