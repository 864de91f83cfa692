// A Redis server of a test's own: on a free port of the loopback, with its files in a temporary folder, so that what it was told
// outlives it. Null where none is installed (`apt-get install redis-server`).

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { temporaryFolder } from "../data/sample-files.ts";

export interface TestServer {
  readonly url: string;
  /** For questions of the test's own. */
  ask<T>(question: (redis: Redis) => Promise<T>): Promise<T>;
  /** Ends it as a power cut would, and starts it again on the same port and files. */
  restart(): Promise<void>;
  /** Cuts every connection. */
  cut(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedis(
  options: { readonly password?: string } = {},
): Promise<TestServer | null> {
  if (spawnSync("redis-server", ["--version"]).error) return null;
  const { password } = options;
  const port = await freePort();
  const folder = temporaryFolder();
  const url = `redis://${password === undefined ? "" : `:${password}@`}127.0.0.1:${port}`;
  const flags = [
    ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
    ...["--appendonly", "yes", "--appendfsync", "always"],
    ...(password === undefined ? [] : ["--requirepass", password]),
  ];
  let child = await launch(flags, url);
  process.once("exit", () => child.kill("SIGKILL"));
  const end = (): Promise<void> =>
    new Promise((resolve) => {
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    });
  return {
    url,
    ask: (question) => asking(url, question),
    restart: async () => {
      await end();
      await sleep(1000);
      child = await launch(flags, url);
    },
    cut: () =>
      asking(url, async (redis) => void (await redis.call("CLIENT", "KILL", "TYPE", "normal"))),
    stop: end,
  };
}

async function launch(flags: readonly string[], url: string): Promise<ChildProcess> {
  const child = spawn("redis-server", flags, { stdio: "ignore" });
  await asking(url, (redis) => redis.ping());
  return child;
}

async function asking<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 100, retryStrategy: () => 50 });
  redis.on("error", () => undefined);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
