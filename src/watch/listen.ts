// Servers of pages listen on this machine only, at the first port that is free.

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UsageError } from "../engine/core/errors.ts";

export const LOOPBACK = "127.0.0.1";
const MOST_TRIES = 20;
const HIGHEST_PORT = 65_535;

/** The port: `first`, or one of those that follow, while somebody else has it. Throws UsageError, naming `port`, where none can be had. */
export async function listenFrom(server: Server, first: number): Promise<number> {
  const last = Math.min(HIGHEST_PORT, first + MOST_TRIES - 1);
  for (let port = first; port <= last; port++) {
    const error = await tryPort(server, port);
    if (!error) return (server.address() as AddressInfo).port;
    if (error.code === "EADDRINUSE") continue;
    throw new UsageError(`port: ${port} cannot be listened on, ${error.code ?? error.message}`, {
      argument: "port",
      help: "choose one from 1024 on",
    });
  }
  throw new UsageError(`port: ${first} to ${last} are all taken`, { argument: "port" });
}

function tryPort(server: Server, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => resolve(error);
    server.once("error", onError);
    server.listen(port, LOOPBACK, () => {
      server.off("error", onError);
      server.on("error", () => undefined);
      resolve(null);
    });
  });
}
