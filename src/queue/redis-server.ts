// A Redis or Valkey server that has the queue. The packages that speak to it are optional, and loaded only here.

import { messageOf } from "../engine/core/errors.ts";
import type { QueueServer } from "./queue-server.ts";
import { RedisExchange } from "./redis-exchange.ts";
import { ANSWER_MS, loadOptional, noAnswer } from "./server-answer.ts";

/** Of all names that BullMQ uses on the server. */
const PREFIX = "vitrine";

/** Throws UsageError, naming `queue`, for a server that does not answer. `name`: the URL without its password. */
export async function findRedis(url: string, name: string): Promise<QueueServer> {
  const [bullmq, ioredis] = await loadOptional("bullmq and ioredis", () =>
    Promise.all([import("bullmq"), import("ioredis")]),
  );
  await probe(url, name, ioredis);
  // A server that is away is waited for, for as long as it takes.
  const connection = { url, maxRetriesPerRequest: null, retryStrategy: waitFor };
  const place = { connection, prefix: PREFIX };
  return {
    name,
    openQueue: (queue, options) => new bullmq.Queue(queue, { ...options, ...place }),
    openWorker: (queue, processor, options) =>
      new bullmq.Worker(queue, processor, { ...options, ...place }),
    WaitingError: bullmq.WaitingError,
    // Whoever asks waits for it.
    isAway: () => false,
    openExchange: () => new RedisExchange(new ioredis.Redis(url, connection), PREFIX),
  };
}

async function probe(
  url: string,
  name: string,
  { Redis }: typeof import("ioredis"),
): Promise<void> {
  const redis = new Redis(url, {
    ...{ lazyConnect: true, connectTimeout: ANSWER_MS, maxRetriesPerRequest: 0 },
    retryStrategy: () => null,
  });
  let reason = "no answer";
  redis.on("error", (error) => {
    reason = error.message;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    const message = messageOf(error);
    const told = message === "Connection is closed." ? reason : message;
    throw noAnswer(
      name,
      told || reason,
      "start one with `redis-server`, and name it as redis://[user:password@]host:port, or rediss:// for TLS",
    );
  } finally {
    redis.disconnect();
  }
}

/** Milliseconds until the next attempt. */
function waitFor(attempts: number): number {
  return Math.min(200 * attempts, 3000);
}
