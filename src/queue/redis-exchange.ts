// Weights on their way through the server that has the queue, for machines that share no folder: safetensors files in pieces, in
// one hash a job, that the server drops after a week if nobody took it.

import type { Redis } from "ioredis";
import type { NamedTensor } from "../io/safetensors.ts";
import { QUEUE, type ServerExchange } from "./queue-server.ts";
import { nameInQueue } from "./study-id.ts";
import type { WeightsRef } from "./trial-message.ts";
import type { WeightsExchange } from "./weights-exchange.ts";
import { decodePieces, encodePieces } from "./weights-pieces.ts";

const WEEK_SECONDS = 7 * 24 * 3600;

/**
 * One step for the server, so that the job cannot be over between the question and the write, and no hash is ever without its
 * end. A field of a hash, because a command that is sent again after a cut must not add to what is there.
 */
const ADD = `
if ARGV[1] == "answer" and redis.call("EXISTS", KEYS[2]) == 0 then return 0 end
redis.call("HSET", KEYS[1], ARGV[2], ARGV[3])
redis.call("EXPIRE", KEYS[1], ${WEEK_SECONDS})
return 1`;

export class RedisExchange implements ServerExchange {
  readonly #redis: Redis;
  readonly #prefix: string;

  /** `prefix`: of all names of the queue on the server. */
  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
    // What cannot be sent waits; who sends it is told by the wait.
    this.#redis.on("error", () => undefined);
  }

  of(study: string): WeightsExchange {
    return new StudyWeights(this.#redis, this.#prefix, study);
  }

  close(): void {
    this.#redis.disconnect();
  }
}

type Side = "parent" | "answer";

class StudyWeights implements WeightsExchange {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #study: string;

  constructor(redis: Redis, prefix: string, study: string) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#study = study;
  }

  put(job: string, name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef> {
    return this.#add(job, "parent", encodePieces(name, tensors));
  }

  putAnswer(job: string, name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef> {
    return this.#add(job, "answer", encodePieces(name, tensors));
  }

  async get(job: string, { place, sha256 }: WeightsRef): Promise<readonly NamedTensor[]> {
    const key = this.#key(job);
    const fields = new Set(await this.#redis.hkeys(key));
    const pieces: Buffer[] = [];
    for (let i = 0; fields.has(fieldOf(place, i)); i++) {
      const piece = await this.#redis.hgetBuffer(key, fieldOf(place, i));
      if (piece) pieces.push(piece);
    }
    return await decodePieces(pieces, { place, sha256 });
  }

  async clear(job: string): Promise<void> {
    await this.#redis.del(this.#key(job));
  }

  async #add(
    job: string,
    side: Side,
    { place, sha256, pieces }: ReturnType<typeof encodePieces>,
  ): Promise<WeightsRef> {
    const keys = [this.#key(job), `${this.#prefix}:${QUEUE}:${nameInQueue(this.#study, job)}`];
    for (const [i, piece] of pieces.entries()) {
      const kept = await this.#redis.eval(ADD, 2, ...keys, side, fieldOf(place, i), piece);
      if (kept === 0) break;
    }
    return { place, sha256 };
  }

  #key(job: string): string {
    return `${this.#prefix}:weights:${nameInQueue(this.#study, job)}`;
  }
}

function fieldOf(place: string, piece: number): string {
  return `${place}/${piece}`;
}
