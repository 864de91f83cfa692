// A PostgreSQL server that has the queue, in a schema of its own that the first who comes sets up. The packages that speak to it
// are optional, and loaded only here.

import type { Pool } from "pg";
import { PostgresExchange } from "./postgres-exchange.ts";
import type { QueueServer } from "./queue-server.ts";
import { ANSWER_MS, loadOptional, noAnswer } from "./server-answer.ts";

const SCHEMA = "vitrine";

/** Throws UsageError, naming `queue`, for a server that does not answer. `name`: the URL without its password. */
export async function findPostgres(url: string, name: string): Promise<QueueServer> {
  const [bullmq, { default: pg }] = await loadOptional("bullmq and pg", () =>
    Promise.all([import("bullmq"), import("pg")]),
  );
  const pool = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: ANSWER_MS });
  pool.on("error", () => undefined);
  await setUp(pool, name, bullmq.runMigrations).finally(() => pool.end());
  const connection = { connectionString: url, schema: SCHEMA };
  const create = bullmq.createPostgresBackend;
  return {
    name,
    // Of another backend, queues and workers are the same to whoever uses them, but for their types.
    openQueue: (queue, options) =>
      new bullmq.Queue(
        queue,
        { ...options, connection },
        create,
      ) as unknown as Returned<"openQueue">,
    openWorker: (queue, processor, options) =>
      new bullmq.Worker(
        queue,
        processor,
        { ...options, connection },
        create,
      ) as unknown as Returned<"openWorker">,
    WaitingError: bullmq.WaitingError,
    isAway,
    openExchange: () =>
      new PostgresExchange(new pg.Pool({ connectionString: url, max: 2 }), SCHEMA),
  };
}

type Returned<Name extends "openQueue" | "openWorker"> = ReturnType<QueueServer[Name]>;

/** Shut down, starting up, or not there. */
const AWAY = new Set([
  "57P01",
  "57P02",
  "57P03",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
]);

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && AWAY.has(String(error.code))) return true;
  return /^Connection terminated|timeout exceeded when trying to connect/.test(error.message);
}

async function setUp(
  pool: Pool,
  name: string,
  migrate: typeof import("bullmq").runMigrations,
): Promise<void> {
  try {
    await migrate(pool, SCHEMA);
    await PostgresExchange.setUp(pool, SCHEMA);
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    throw noAnswer(
      name,
      reason,
      "name it as postgres://[user:password@]host:port/database; its user must be allowed to create a schema",
    );
  }
}
