// `kfold` in several processes, over a queue and in shards: what is left is what one process leaves, weights bit for bit, also
// where a worker stands still till it counts as dead, and comes back when all is over.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { naiveTable } from "../support/naive-table.ts";
import { startRedis } from "../support/redis-server.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd, startCommand } from "./start-command.ts";

const test = suite("kfold in several processes");
const data = smallIdxFolder({ train: 240, test: 20 });
// A worker that took other kernels than its chief would come to other weights.
const table = await naiveTable(50);
const FOLDS = ["--folds", "4", "--epochs", "3", "--stratified", "--leaked"];
const FLAGS = ["--data", data, ...FOLDS, "--kernels", table];
const server = await startRedis({ password: "s3cret" });

/** Every file but for times, adapters and the locks. */
function outcomeOf(out: string): Record<string, string> {
  const names = readdirSync(out, { recursive: true }).map(String).sort();
  const files = names.flatMap((name): [string, string][] => {
    if (!name.includes(".") || /\.lock$|queue\.json$/.test(name)) return [];
    const text = readFileSync(join(out, name)).toString("latin1");
    return [[name, text.replace(/"seconds": [\d.e-]+/, "").replace(/ {2}"adapter": .*\n/, "")]];
  });
  return Object.fromEntries(files);
}

let one: Record<string, string> | null = null;
async function sequential(): Promise<Record<string, string>> {
  if (one) return one;
  const out = join(temporaryFolder(), "one");
  const { code, stderr } = await runToEnd("kfold", [...FLAGS, "--out", out]);
  assert.is(code, 0, stderr);
  one = outcomeOf(out);
  assert.ok(one["fold-4/weights.safetensors"]);
  assert.ok(one["kernels.json"]);
  assert.is(one["fold-4/kernels.json"], one["kernels.json"]);
  return one;
}

test("two workers leave what one process leaves, and no exchange", async () => {
  const out = join(temporaryFolder(), "two");
  const { code, stdout, stderr } = await runToEnd("kfold", [
    ...[...FLAGS, "--workers", "2", "--json", "--out", out],
  ]);
  assert.is(code, 0, stderr);
  assert.equal(outcomeOf(out), await sequential());
  for (const name of ["exchange", "checkpoints"]) assert.is(existsSync(join(out, name)), false);
  const { folds } = JSON.parse(stdout);
  assert.equal(
    folds.map(({ fold }: { fold: number }) => fold),
    [0, 1, 2, 3],
  );
});

test("folds that diverge have failed there as here", async () => {
  const out = join(temporaryFolder(), "wild");
  const wild = ["--learning-rate", "1e39", "--workers", "2", "--out", out];
  const { code, stdout } = await runToEnd("kfold", [...FLAGS, ...wild]);
  assert.is(code, 2);
  assert.match(stdout, /fold 4 failed: /);
  const { failed } = JSON.parse(readFileSync(join(out, "results.json"), "utf8"));
  assert.equal(
    failed.map(({ fold }: { fold: number }) => fold),
    [1, 2, 3, 4],
  );
});

test("shards put together are the whole", async () => {
  const folder = temporaryFolder();
  const shards = ["1/2", "2/2"].map((shard) => [shard, join(folder, shard.slice(0, 1))] as const);
  for (const [shard, out] of shards) {
    const { code, stdout, stderr } = await runToEnd("kfold", [
      ...[...FLAGS, "--shard", shard, "--out", out],
    ]);
    assert.is(code, 0, stderr);
    assert.match(stdout, /shard ./);
  }
  const out = join(folder, "all");
  const merging = shards.flatMap(([, path]) => ["--merge", path]);
  const { code, stdout, stderr } = await runToEnd("kfold", [...FLAGS, ...merging, "--out", out]);
  assert.is(code, 0, stderr);
  assert.match(stdout, /merged {5}4 folds/);
  assert.equal(outcomeOf(out), await sequential());
  const other = await runToEnd("kfold", [
    ...[...FLAGS, "--seed", "9", ...merging, "--out", join(folder, "other")],
  ]);
  assert.is(other.code, 2);
  assert.match(other.stderr, /--merge: must be of the same settings, got seed/);
  assert.is(existsSync(join(folder, "other")), false);
});

if (server) {
  test("over a queue, with a worker taken for dead: the same, and nothing on the server", async () => {
    const worker = (): ReturnType<typeof startCommand> => {
      const scratch = ["--scratch", temporaryFolder(), "--lock-seconds", "15"];
      const flags = ["--queue", "env", "--data", data, ...scratch];
      return startCommand("worker", flags, { env: { VITRINE_QUEUE: server.url } });
    };
    const out = join(temporaryFolder(), "queue");
    const victim = worker();
    const chief = startCommand("kfold", [...FLAGS, "--queue", server.url, "--out", out]);
    assert.ok(await victim.prints(/fold \d of study/));
    // To others it is dead then; but what it has begun it brings to its end, when nobody asks for it any more.
    victim.child.kill("SIGSTOP");
    const survivor = worker();
    assert.is(await chief.ended, 0, chief.stderr());
    assert.not.match(chief.stdout() + chief.stderr(), /s3cret/);
    assert.is(survivor.stdout().match(/trained in/g)?.length, 4);
    victim.child.kill("SIGCONT");
    assert.ok(await victim.prints(/trained in/), victim.stderr());
    for (const { child, ended } of [victim, survivor]) {
      child.kill("SIGINT");
      assert.is(await ended, 130);
    }
    assert.equal(outcomeOf(out), await sequential());
    const { study } = JSON.parse(readFileSync(join(out, "queue.json"), "utf8"));
    const keys = await server.ask((redis) => redis.keys("vitrine:*"));
    assert.equal(
      keys.filter((key) => key.includes(study)),
      [],
    );
  });
} else console.log("skipped, for want of redis-server: kfold over a queue");

test.after(async () => {
  await server?.stop();
});
test.run();
