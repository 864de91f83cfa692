// The server that a URL names: checked before anything depends on it, and never shown with its password.

import { UsageError } from "../engine/core/errors.ts";
import { findPostgres } from "./postgres-server.ts";
import type { QueueServer } from "./queue-server.ts";
import { findRedis } from "./redis-server.ts";

const KINDS = new Map([
  ["redis:", findRedis],
  ["rediss:", findRedis],
  ["postgres:", findPostgres],
  ["postgresql:", findPostgres],
]);

/** Throws UsageError, naming `queue`, for a URL that is none and a server that does not answer. */
export function findQueue(url: string): Promise<QueueServer> {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const find = KINDS.get(parsed?.protocol ?? "");
  if (!parsed || !find || parsed.hostname === "") {
    // Not shown: a password may be in it.
    throw new UsageError(
      "queue: must be a URL redis://host:port, rediss://host:port or postgres://host:port/database",
      {
        argument: "queue",
        help: "for instance redis://127.0.0.1:6379; the environment's VITRINE_QUEUE keeps a password out of the command line",
      },
    );
  }
  return find(url, serverName(parsed));
}

/** `redis://host:6379/0`. */
function serverName({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}
