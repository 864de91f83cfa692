// `tune --queue` and `worker` over a real Redis server: the study is that of one process, weights bit for bit, also where workers
// are killed, the server is restarted and connections are cut; a chief that was killed finds what was done meanwhile.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { startRedis, type TestServer } from "../support/redis-server.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { studyOutcome } from "../support/study-outcome.ts";
import { type Running, runToEnd, startCommand } from "./start-command.ts";

const test = suite("tune --queue");
const data = smallIdxFolder({ train: 240, test: 20 });
const FLAGS = ["--data", data, "--trials", "6", "--epochs", "2", "--validation", "0.2"];
const LONG = [...FLAGS, "--epochs", "12"];

const server = await startRedis({ password: "s3cret" });
const workers = new Set<Running>();

function startWorker(url: string, ...more: string[]): Running {
  const scratch = ["--scratch", temporaryFolder(), "--lock-seconds", "15"];
  const running = startCommand("worker", ["--queue", "env", "--data", data, ...scratch, ...more], {
    env: { VITRINE_QUEUE: url },
  });
  workers.add(running);
  void running.ended.then(() => workers.delete(running));
  return running;
}

/** With Ctrl-C, and all of them in good order. */
async function stopWorkers(): Promise<void> {
  for (const worker of [...workers]) {
    worker.child.kill("SIGINT");
    assert.is(await worker.ended, 130, worker.stderr());
  }
}

/** Keys of the server that a search leaves: its trials, their weights. */
async function leftovers({ ask }: TestServer, out: string): Promise<string[]> {
  const { study } = JSON.parse(readFileSync(join(out, "queue.json"), "utf8"));
  const keys = await ask((redis) => redis.keys("vitrine:*"));
  return keys.filter((key) => key.includes(study));
}

/** What one process leaves, once for each search. */
const known = new Map<string, Record<string, string>>();

async function sequential(flags: readonly string[]): Promise<Record<string, string>> {
  const found = known.get(flags.join(" "));
  if (found) return found;
  const out = join(temporaryFolder(), "one");
  const { code, stderr } = await runToEnd("tune", [...flags, "--out", out]);
  assert.is(code, 0, stderr);
  const outcome = studyOutcome(out);
  known.set(flags.join(" "), outcome);
  return outcome;
}

function overQueue(name: string, body: (server: TestServer) => Promise<void>): void {
  if (server) test(name, () => body(server));
  else console.log(`skipped, for want of redis-server: ${name}`);
}

overQueue("two workers leave what one process leaves, and nothing on the server", async (own) => {
  const flags = [...FLAGS, "--trials", "8", "--tuner", "hyperband", "--factor", "2"];
  const out = join(temporaryFolder(), "out");
  startWorker(own.url);
  startWorker(own.url);
  const chief = await runToEnd("tune", [...flags, "--queue", own.url, "--out", out]);
  assert.is(chief.code, 0, chief.stderr);
  assert.not.match(chief.stdout + chief.stderr, /s3cret/);
  await stopWorkers();
  assert.equal(studyOutcome(out), await sequential(flags));
  assert.equal(await leftovers(own, out), []);
  const { adapter } = JSON.parse(readFileSync(join(out, "trial_1", "trial.json"), "utf8"));
  assert.type(adapter, "string");
});

overQueue("workers killed, server restarted, connections cut: no trial is lost", async (own) => {
  const out = join(temporaryFolder(), "out");
  const scratch = temporaryFolder();
  const first = startWorker(own.url, "--scratch", scratch);
  startWorker(own.url, "--scratch", scratch);
  const chief = startCommand("tune", [...LONG, "--queue", own.url, "--out", out]);
  assert.ok(await first.prints(/^trial \d+ of study/m), first.stderr());
  const states = () =>
    readdirSync(scratch, { recursive: true }).filter((name) => `${name}`.endsWith(".safetensors"));
  while (states().length === 0) await sleep(20);
  first.child.kill("SIGKILL");
  const third = startWorker(own.url, "--scratch", scratch);
  await own.cut();
  assert.ok(await third.prints(/^trial \d+ of study/m), third.stderr());
  await own.restart();
  await own.cut();
  assert.is(await chief.ended, 0, chief.stderr());
  await stopWorkers();
  assert.equal(studyOutcome(out), await sequential(LONG));
  assert.is(chief.stdout().match(/^Trial \d+ Complete/gm)?.length, 6);
  assert.equal(await leftovers(own, out), []);
});

overQueue("a chief that is killed finds what its workers did meanwhile", async (own) => {
  const out = join(temporaryFolder(), "out");
  const flags = [...LONG, "--queue", own.url, "--out", out];
  const chief = startCommand("tune", flags);
  assert.ok(await chief.prints(/Running Trial #6/), chief.stderr());
  await sleep(1000);
  chief.child.kill("SIGKILL");
  await chief.ended;
  const worker = startWorker(own.url);
  assert.ok(await worker.prints(/(trial \d[\s\S]*){3}/), worker.stderr());
  const again = await runToEnd("tune", flags);
  assert.is(again.code, 0, again.stderr);
  await stopWorkers();
  assert.is(worker.stdout().match(/^trial \d+ of study/gm)?.length, 6);
  assert.equal(await leftovers(own, out), []);
  assert.equal(studyOutcome(out), await sequential(LONG));
});

overQueue("a worker with other data says so, and its trial is another's", async (own) => {
  const other = smallIdxFolder({ train: 200, test: 20 });
  const wrong = startWorker(own.url, "--data", other);
  const out = join(temporaryFolder(), "out");
  const chief = startCommand("tune", [...FLAGS, "--queue", own.url, "--out", out]);
  assert.is(await wrong.ended, 2);
  assert.match(wrong.stderr(), /worker: must come to the study of the chief, got settings data/);
  startWorker(own.url);
  assert.is(await chief.ended, 0, chief.stderr());
  await stopWorkers();
  assert.equal(studyOutcome(out), await sequential(FLAGS));
});

test("over TLS, and not with a server that nobody vouches for", async () => {
  const own = await startRedis({ password: "s3cret", tls: true });
  if (!own) return console.log("skipped, for want of redis-server: TLS");
  const env = { VITRINE_QUEUE: own.url };
  const out = join(temporaryFolder(), "out");
  const flags = [...FLAGS, "--queue", "env", "--out", out];
  const stranger = await runToEnd("tune", flags, { env });
  assert.is(stranger.code, 2);
  assert.match(stranger.stderr, /--queue: must be a server that answers, got self-signed/);
  const vouched = { ...env, NODE_EXTRA_CA_CERTS: own.certificate ?? "" };
  const worker = startCommand("worker", ["--queue", "env", "--data", data], { env: vouched });
  const chief = await runToEnd("tune", flags, { env: vouched });
  worker.child.kill("SIGINT");
  assert.is(await worker.ended, 130, worker.stderr());
  assert.is(chief.code, 0, chief.stderr);
  assert.equal(studyOutcome(out), await sequential(FLAGS));
  await own.stop();
});

test("a server that is none is refused in one line, without its password", async () => {
  const out = join(temporaryFolder(), "out");
  const cases = [
    ["redis://:s3cret@127.0.0.1:1", /--queue: must be a server that answers, got .* 127.0.0.1:1/],
    ["amqp://:s3cret@127.0.0.1", /--queue: must be a URL redis:\/\/host:port/],
    ["env", /--queue: must name a Redis, Valkey or PostgreSQL server, got none/],
  ] as const;
  for (const [url, message] of cases) {
    const env = { VITRINE_QUEUE: "" };
    const { code, stderr } = await runToEnd("tune", [...FLAGS, "--queue", url, "--out", out], {
      env,
    });
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
    assert.not.match(stderr, /s3cret/);
    assert.is(existsSync(out), false);
  }
});

test.after(async () => {
  for (const { child } of workers) child.kill("SIGKILL");
  await server?.stop();
});

test.run();
