// `tune --queue` over a real PostgreSQL server: the study is that of one process, weights bit for bit, also where a worker is
// killed and the server is restarted.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { findQueue } from "../../src/queue/find-queue.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { refusalOf } from "../io/folder.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { studyOutcome } from "../support/study-outcome.ts";
import { type Running, runToEnd, startCommand } from "./start-command.ts";

const test = suite("a queue on PostgreSQL");
const data = smallIdxFolder({ train: 240, test: 20 });
const FLAGS = ["--data", data, "--trials", "5", "--epochs", "8", "--validation", "0.2"];
const server = await startPostgres();

function startWorker(url: string): Running {
  const scratch = ["--scratch", temporaryFolder(), "--lock-seconds", "15"];
  return startCommand("worker", ["--queue", "env", "--data", data, ...scratch], {
    env: { VITRINE_QUEUE: url },
  });
}

if (server) {
  test("several that come first at once all find it", async () => {
    for (let times = 0; times < 5; times++) {
      await Promise.all(Array.from({ length: 6 }, () => findQueue(server.url)));
      await server.ask("DROP SCHEMA vitrine CASCADE");
    }
  });

  test("a worker killed, the server restarted: what one process leaves, and nothing on the server", async () => {
    const [one, out] = [join(temporaryFolder(), "one"), join(temporaryFolder(), "out")];
    const alone = await runToEnd("tune", [...FLAGS, "--out", one]);
    assert.is(alone.code, 0, alone.stderr);
    const victim = startWorker(server.url);
    const chief = startCommand("tune", [...FLAGS, "--queue", server.url, "--out", out]);
    assert.ok(await victim.prints(/^trial \d+ of study/m), victim.stderr());
    await sleep(500);
    victim.child.kill("SIGKILL");
    const survivor = startWorker(server.url);
    assert.ok(await survivor.prints(/^trial \d+ of study/m), survivor.stderr());
    await server.restart();
    assert.is(await chief.ended, 0, chief.stderr());
    assert.not.match(chief.stdout() + chief.stderr(), /s3cret/);
    survivor.child.kill("SIGINT");
    assert.is(await survivor.ended, 130, survivor.stderr());
    assert.equal(studyOutcome(out), studyOutcome(one));
    for (const table of ["job", "vitrine_weights"]) {
      const [row] = await server.ask(`SELECT count(*)::int AS count FROM vitrine.${table}`);
      assert.equal(row, { count: 0 }, table);
    }
  });
} else console.log("skipped, for want of postgresql: a queue on PostgreSQL");

test("a server that does not answer is refused in one line, without its password", async () => {
  const message = await refusalOf(findQueue("postgres://me:s3cret@127.0.0.1:1/database"));
  assert.match(message, /^queue: must be a server that answers, got .* from postgres:/);
  assert.not.match(message, /s3cret/);
});

test.after(async () => {
  await server?.stop();
});
test.run();
