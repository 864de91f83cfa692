// A Redis server of a test's own: on a free port of the loopback, with its files in a temporary folder, so that what it was told
// outlives it. Null where none is installed (`apt-get install redis-server`).

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { temporaryFolder } from "../data/sample-files.ts";
import { freePort } from "./free-port.ts";

export interface TestServer {
  readonly url: string;
  /** File of the certificate that clients must be told of; null without TLS. */
  readonly certificate: string | null;
  /** For questions of the test's own. */
  ask<T>(question: (redis: Redis) => Promise<T>): Promise<T>;
  /** Ends it as a power cut would, and starts it again on the same port and files. */
  restart(): Promise<void>;
  /** Cuts every connection. */
  cut(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly password?: string;
  /** With a certificate of its own for localhost, made by openssl. Default false. */
  readonly tls?: boolean;
}

export async function startRedis(options: ServerOptions = {}): Promise<TestServer | null> {
  if (spawnSync("redis-server", ["--version"]).error) return null;
  const { password, tls = false } = options;
  const port = await freePort();
  const folder = temporaryFolder();
  const user = password === undefined ? "" : `:${password}@`;
  const certificate = tls ? makeCertificate(folder) : null;
  const address = tls ? `rediss://${user}localhost:${port}` : `redis://${user}127.0.0.1:${port}`;
  const place = { url: address, ca: certificate && readFileSync(certificate, "utf8") };
  const flags = [
    ...["--bind", "127.0.0.1", "--dir", folder, "--save", ""],
    ...["--appendonly", "yes", "--appendfsync", "always"],
    ...(certificate === null ? ["--port", String(port)] : tlsFlags(port, folder, certificate)),
    ...(password === undefined ? [] : ["--requirepass", password]),
  ];
  let child = await launch(flags, place);
  process.once("exit", () => child.kill("SIGKILL"));
  const end = (): Promise<void> =>
    new Promise((resolve) => {
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    });
  return {
    ...{ url: place.url, certificate },
    ask: (question) => asking(place, question),
    restart: async () => {
      await end();
      await sleep(1000);
      child = await launch(flags, place);
    },
    cut: () =>
      asking(place, async (redis) => void (await redis.call("CLIENT", "KILL", "TYPE", "normal"))),
    stop: end,
  };
}

interface Place {
  readonly url: string;
  readonly ca: string | null;
}

/** Path of the certificate; the key is beside it. */
function makeCertificate(folder: string): string {
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", names, "-keyout", key, "-out", certificate],
    ],
    { stdio: "ignore" },
  );
  return certificate;
}

function tlsFlags(port: number, folder: string, certificate: string): readonly string[] {
  return [
    ...["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no"],
    ...["--tls-cert-file", certificate, "--tls-ca-cert-file", certificate],
    ...["--tls-key-file", join(folder, "key.pem")],
  ];
}

async function launch(flags: readonly string[], place: Place): Promise<ChildProcess> {
  const child = spawn("redis-server", flags, { stdio: "ignore" });
  await asking(place, (redis) => redis.ping());
  return child;
}

async function asking<T>({ url, ca }: Place, question: (redis: Redis) => Promise<T>): Promise<T> {
  const tls = ca === null ? {} : { tls: { ca } };
  const redis = new Redis(url, { maxRetriesPerRequest: 100, retryStrategy: () => 50, ...tls });
  redis.on("error", () => undefined);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
