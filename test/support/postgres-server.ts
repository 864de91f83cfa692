// A PostgreSQL server of a test's own: on a free port of the loopback, with its files in a temporary folder. Null where none is
// installed (`apt-get install postgresql`), or where it will not run for this user.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { temporaryFolder } from "../data/sample-files.ts";
import { freePort } from "./free-port.ts";

export interface PostgresServer {
  readonly url: string;
  /** For questions of the test's own. */
  ask(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Ends it as a power cut would, and starts it again on the same port and files. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const INSTALLED = "/usr/lib/postgresql";

export async function startPostgres(): Promise<PostgresServer | null> {
  const bin = existsSync(INSTALLED)
    ? readdirSync(INSTALLED).map((version) => join(INSTALLED, version, "bin"))[0]
    : undefined;
  const user = servingUser();
  if (bin === undefined || user === null) return null;
  const folder = temporaryFolder();
  const files = join(folder, "postgres");
  chmodSync(folder, 0o755);
  mkdirSync(files, { mode: 0o700 });
  if (user) chownSync(files, user.uid, user.gid);
  const as = { ...user, cwd: files, stdio: "ignore" } as const;
  const auth = ["--auth=trust", "--username=vitrine", "--encoding=UTF8", "--locale=C"];
  execFileSync(join(bin, "initdb"), ["--pgdata", files, ...auth, "--no-sync"], as);
  const port = await freePort();
  const url = `postgres://vitrine:s3cret@127.0.0.1:${port}/postgres`;
  const flags = ["-D", files, "-p", String(port), "-h", "127.0.0.1", "-k", files];
  const launch = async (): Promise<ChildProcess> => {
    const child = spawn(join(bin, "postgres"), flags, as);
    for (let tries = 0; tries < 200; tries++) {
      const answers = await asking(url, "SELECT 1").then(
        () => true,
        () => false,
      );
      if (answers) return child;
      await sleep(100);
    }
    throw new Error("postgres: does not answer");
  };
  let child = await launch();
  process.once("exit", () => child.kill("SIGQUIT"));
  const end = (): Promise<void> =>
    new Promise((resolve) => {
      child.once("exit", () => resolve());
      child.kill("SIGQUIT");
    });
  return {
    url,
    ask: (sql) => asking(url, sql),
    restart: async () => {
      await end();
      await sleep(1000);
      child = await launch();
    },
    stop: end,
  };
}

/** The server refuses to run as root; nothing to change for others, null where there is nobody else. */
function servingUser(): { readonly uid: number; readonly gid: number } | undefined | null {
  if (process.getuid?.() !== 0) return undefined;
  try {
    const [uid = 0, gid = 0] = ["-u", "-g"].map((flag) =>
      Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8", stdio: "pipe" })),
    );
    return { uid, gid };
  } catch {
    return null;
  }
}

async function asking(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
