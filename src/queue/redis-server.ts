// A Redis or Valkey server as it is named by a URL: checked before anything depends on it, and never shown with its password.
// The packages that speak to it are optional, and loaded only here.

import { UsageError } from "../engine/core/errors.ts";

export interface RedisServer {
  readonly url: string;
  /** Without user and password, for people. */
  readonly name: string;
  readonly bullmq: typeof import("bullmq");
  readonly ioredis: typeof import("ioredis");
}

const ANSWER_MS = 5000;

/** Throws UsageError, naming `queue`, for a URL that is none and a server that does not answer. */
export async function findRedis(url: string): Promise<RedisServer> {
  const name = serverName(url);
  const { bullmq, ioredis } = await loadPackages();
  const probe = new ioredis.Redis(url, {
    ...{ lazyConnect: true, connectTimeout: ANSWER_MS, maxRetriesPerRequest: 0 },
    retryStrategy: () => null,
  });
  let reason = "no answer";
  probe.on("error", (error) => {
    reason = error.message;
  });
  try {
    await probe.connect();
    await probe.ping();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const told = message === "Connection is closed." ? reason : message;
    throw new UsageError(
      `queue: must be a server that answers, got ${told || reason} from ${name}`,
      {
        argument: "queue",
        help: "start one with `redis-server`, and name it as redis://[user:password@]host:port, or rediss:// for TLS",
      },
    );
  } finally {
    probe.disconnect();
  }
  return { url, name, bullmq, ioredis };
}

/** `redis://host:6379/0`. Throws UsageError for what is no URL of such a server. */
export function serverName(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === "") {
    // Not shown: a password may be in it.
    throw new UsageError("queue: must be a URL redis://host:port or rediss://host:port", {
      argument: "queue",
      help: "for instance redis://127.0.0.1:6379; the environment's VITRINE_QUEUE keeps a password out of the command line",
    });
  }
  return `${parsed.protocol}//${parsed.host}${parsed.pathname === "/" ? "" : parsed.pathname}`;
}

async function loadPackages() {
  try {
    const [bullmq, ioredis] = await Promise.all([import("bullmq"), import("ioredis")]);
    return { bullmq, ioredis };
  } catch (cause) {
    throw new UsageError("queue: needs the packages bullmq and ioredis, got no such packages", {
      argument: "queue",
      help: "they are optional: npm install bullmq ioredis",
      cause,
    });
  }
}

/** For BullMQ's own connections: a server that is away is waited for, for as long as it takes. */
export function connectionTo({ url }: RedisServer) {
  return { url, maxRetriesPerRequest: null, retryStrategy: waitFor };
}

/** Milliseconds until the next attempt. */
export function waitFor(attempts: number): number {
  return Math.min(200 * attempts, 3000);
}
