// Weights on their way through the server that has the queue, for machines that share no folder: a safetensors file in pieces, in
// a hash that the server drops after a week if nobody took it.

import type { Redis } from "ioredis";
import type { NamedTensor } from "../io/safetensors.ts";
import type { ServerExchange } from "./queue-server.ts";
import type { WeightsRef } from "./trial-message.ts";
import { decodePieces, encodePieces } from "./weights-pieces.ts";

const WEEK_SECONDS = 7 * 24 * 3600;
export class RedisExchange implements ServerExchange {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
    // What cannot be sent waits; who sends it is told by the wait.
    this.#redis.on("error", () => undefined);
  }

  async put(name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef> {
    const { place, sha256, pieces } = encodePieces(name, tensors);
    const key = keyOf(place);
    for (const [i, piece] of pieces.entries()) {
      // A hash, because a command that is sent again after a cut must not add to what is there.
      await this.#redis.hset(key, String(i), piece);
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
    return await decodePieces(pieces, { place, sha256 });
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
