// Weights on their way through the server that has the queue, for machines that share no folder: a safetensors file in pieces, in
// a hash that the server drops after a week if nobody took it.

import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { FormatError } from "../engine/core/errors.ts";
import { encodeSafetensors, type NamedTensor, readSafetensors } from "../io/safetensors.ts";
import { type RedisServer, waitFor } from "./redis-server.ts";
import type { WeightsRef } from "./trial-message.ts";
import { checkDigest, placeFor, type WeightsExchange } from "./weights-exchange.ts";

const WEEK_SECONDS = 7 * 24 * 3600;
/** A server answers others between two pieces. */
const PIECE_BYTES = 1 << 23;

export class RedisExchange implements WeightsExchange {
  readonly #redis: Redis;

  constructor({ url, ioredis }: RedisServer) {
    const options = { maxRetriesPerRequest: null, retryStrategy: waitFor };
    this.#redis = new ioredis.Redis(url, options);
    // What cannot be sent waits; who sends it is told by the wait.
    this.#redis.on("error", () => undefined);
  }

  async put(name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef> {
    const place = placeFor(name);
    const { pieces, sha256 } = encodeSafetensors(tensors);
    const bytes = Buffer.concat(pieces);
    const key = keyOf(place);
    for (let start = 0, i = 0; start < bytes.length; start += PIECE_BYTES, i++) {
      // A hash, because a command that is sent again after a cut must not add to what is there.
      await this.#redis.hset(key, String(i), bytes.subarray(start, start + PIECE_BYTES));
      if (i === 0) await this.#redis.expire(key, WEEK_SECONDS);
    }
    return { place, sha256 };
  }

  async get({ place, sha256 }: WeightsRef): Promise<readonly NamedTensor[]> {
    const key = keyOf(place);
    const count = await this.#redis.hlen(key);
    const pieces: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const piece = await this.#redis.hgetBuffer(key, String(i));
      if (piece) pieces.push(piece);
    }
    if (pieces.length === 0) {
      throw new FormatError(`worker: weights must be on the server, got none under ${place}`, {
        help: "the server lost them, or dropped them after a week; run the command again",
      });
    }
    return await readBytes(pieces, { place, sha256 });
  }

  async remove({ place }: WeightsRef): Promise<void> {
    await this.#redis.del(keyOf(place));
  }

  close(): void {
    this.#redis.disconnect();
  }
}

function keyOf(place: string): string {
  return `vitrine:weights:${place}`;
}

/** Through a file: that is what is checked. */
async function readBytes(
  pieces: readonly Buffer[],
  { place, sha256 }: WeightsRef,
): Promise<readonly NamedTensor[]> {
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
