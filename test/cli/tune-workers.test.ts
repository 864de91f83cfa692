// `tune --workers`: trials in several processes leave what trials one after another leave, weights bit for bit; a worker that is
// killed is replaced; nothing stays of the exchange.

import { type ChildProcess, execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism, getPriority, setPriority } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { naiveTable } from "../support/naive-table.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { studyOutcome } from "../support/study-outcome.ts";
import { runToEnd, startCommand } from "./start-command.ts";

const test = suite("tune --workers");
const data = smallIdxFolder({ train: 240, test: 20 });
/** Opening a device lowers that of this process. */
const ownPriority = getPriority();
const table = await naiveTable(50);
const SEARCH = ["--trials", "5", "--epochs", "2", "--validation", "0.2"];
const FLAGS = ["--data", data, ...SEARCH, "--kernels", table];

/** Processes that the command started. */
function workersOf({ pid }: ChildProcess): number[] {
  try {
    const out = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
    const pids = out.trim().split(/\s+/).map(Number);
    return pids.filter((one) => commandOf(one).includes("trial-process"));
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** How far the threads of a software adapter's driver give way to others: their nice values. */
function driverNiceness(pid: number): number[] {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).flatMap((task) => {
    const stat = readFileSync(join(tasks, task, "stat"), "utf8");
    const [, name = "", rest = ""] = /\((.*)\) (.*)/.exec(stat) ?? [];
    // The 19th field of all, the 17th after the name.
    return name.startsWith("llvmpipe") ? [Number(rest.split(" ")[16])] : [];
  });
}

/** Only some may raise it, as root may; for others all have the low one. */
function regainPriority(): void {
  try {
    setPriority(ownPriority);
  } catch {
    // Then there is nothing to tell apart.
  }
}

let long: Record<string, string> | null = null;

/** What one process leaves of a search that takes long enough to be killed. */
async function longSearch(): Promise<Record<string, string>> {
  if (long) return long;
  const out = join(temporaryFolder(), "one");
  const { code, stderr } = await runToEnd("tune", [...FLAGS, "--epochs", "12", "--out", out]);
  assert.is(code, 0, stderr);
  long = studyOutcome(out);
  return long;
}

for (const tuner of [["random"], ["hyperband", "--factor", "2"], ["bayesian", "--initial", "2"]]) {
  const [name] = tuner;
  test(`${name}: two workers leave what one process leaves`, async () => {
    const folder = temporaryFolder();
    const batch = name === "bayesian" ? ["--trial-batch", "2"] : [];
    const trials = name === "hyperband" ? ["--trials", "8"] : [];
    const flags = [...FLAGS, ...trials, "--tuner", ...tuner];
    const one = await runToEnd("tune", [...flags, ...batch, "--out", join(folder, "one")]);
    assert.is(one.code, 0, one.stderr);
    const out = join(folder, "two");
    const two = await runToEnd("tune", [...flags, "--workers", "2", "--out", out, "--json"]);
    assert.is(two.code, 0, two.stderr);
    const found = studyOutcome(out);
    assert.equal(found, studyOutcome(join(folder, "one")));
    assert.ok(found["kernels.json"]);
    assert.is(found["trial_2/kernels.json"], found["kernels.json"]);
    assert.is(existsSync(join(out, "exchange")), false);
    const trial = JSON.parse(readFileSync(join(out, "trial_2", "trial.json"), "utf8"));
    assert.type(trial.adapter, "string");
    assert.type(trial.driver, "string");
    const { trials: told, best } = JSON.parse(two.stdout);
    assert.is(
      told.length,
      Object.keys(studyOutcome(out)).filter((n) => /trial.json$/.test(n)).length,
    );
    assert.type(best.score, "number");
  });
}

test("a worker that is killed is replaced, and no trial lost or counted twice", async () => {
  const folder = temporaryFolder();
  const flags = [...FLAGS, "--epochs", "12"];
  const one = await longSearch();
  const out = join(folder, "two");
  const running = startCommand("tune", [...flags, "--workers", "2", "--out", out]);
  let kills = 0;
  const killing = (async () => {
    while (kills < 2 && running.child.exitCode === null) {
      await sleep(700);
      const [victim] = workersOf(running.child);
      const isTraining = existsSync(join(out, "checkpoints"));
      if (victim === undefined || !isTraining || running.child.exitCode !== null) continue;
      process.kill(victim, "SIGKILL");
      kills++;
      await sleep(1500);
    }
  })();
  assert.is(await running.ended, 0, running.stderr());
  await killing;
  assert.ok(kills > 0, "a worker was killed");
  assert.match(running.stdout(), /worker ended with SIGKILL/);
  assert.equal(studyOutcome(out), one);
});

test("stopped, all workers go, and the search goes on with another number of them", async () => {
  const folder = temporaryFolder();
  const flags = [...FLAGS, "--epochs", "12"];
  const one = await longSearch();
  const out = join(folder, "two");
  regainPriority();
  const running = startCommand("tune", [...flags, "--workers", "3", "--out", out], {
    env: { LP_NUM_THREADS: "" },
  });
  assert.ok(await running.prints(/Running Trial #3/));
  while (!existsSync(join(out, "checkpoints"))) await sleep(50);
  const workers = workersOf(running.child);
  assert.ok(workers.length >= 2, `${workers.length} workers`);
  // They share the cores, and do not inherit what the chief's own thread gave up.
  const threads = Math.max(1, Math.floor((2 * availableParallelism()) / 3));
  for (const worker of workers) {
    const environment = readFileSync(`/proc/${worker}/environ`, "utf8").split("\0");
    assert.ok(environment.includes(`LP_NUM_THREADS=${threads}`));
    const own = getPriority();
    assert.equal(
      [...new Set(driverNiceness(worker))].filter((nice) => nice !== own),
      [],
    );
  }
  running.child.kill("SIGINT");
  assert.is(await running.ended, 130, running.stderr());
  for (const worker of workers) assert.not.match(commandOf(worker), /trial-process/);
  const again = await runToEnd("tune", [...flags, "--workers", "2", "--out", out]);
  assert.is(again.code, 0, again.stderr);
  assert.equal(studyOutcome(out), one);
});

test("shards put together are the whole search", async () => {
  const folder = temporaryFolder();
  const [first, second, whole] = ["1", "2", "whole"].map((name) => join(folder, name));
  for (const [shard, out] of [["1/2", first] as const, ["2/2", second] as const]) {
    const { code, stdout, stderr } = await runToEnd("tune", [
      ...FLAGS,
      ...["--shard", shard, "--out", String(out)],
    ]);
    assert.is(code, 0, stderr);
    assert.match(
      stdout,
      new RegExp(`^shard +${shard} is done: ${shard === "1/2" ? 3 : 2} trials`, "m"),
    );
  }
  const merge = ["--merge", String(first), "--merge", String(second), "--out", String(whole)];
  const merged = await runToEnd("tune", [...FLAGS, ...merge]);
  assert.is(merged.code, 0, merged.stderr);
  assert.not.match(merged.stdout, /Running Trial/);
  const one = await runToEnd("tune", [...FLAGS, "--out", join(folder, "one")]);
  assert.is(one.code, 0, one.stderr);
  assert.equal(studyOutcome(String(whole)), studyOutcome(join(folder, "one")));
});

test("a shard that is none, and of a search that needs all scores, is refused", async () => {
  const out = join(temporaryFolder(), "out");
  const cases = [
    [["--shard", "3/2"], /--shard: must be i\/n with i from 1 to n, such as 2\/4, got 3\/2/],
    [["--shard", "0/2"], /--shard: must be i\/n/],
    [["--shard", "1/2", "--tuner", "hyperband"], /--shard: is for --tuner random or grid/],
    [["--merge", out], /--merge: must be the folder of a shard's study/],
  ] as const;
  for (const [flags, message] of cases) {
    const { code, stderr } = await runToEnd("tune", [...FLAGS, ...flags, "--out", out]);
    assert.is(code, 2);
    assert.match(stderr, message);
    assert.is(existsSync(out), false);
  }
});

test("a batch is for a guided search alone", async () => {
  const out = join(temporaryFolder(), "out");
  const flags = [...FLAGS, "--workers", "2", "--trial-batch", "2", "--out", out];
  const { code, stderr } = await runToEnd("tune", flags);
  assert.is(code, 2);
  assert.match(stderr, /--trial-batch: is for --tuner bayesian, got random/);
  assert.is(existsSync(out), false);
});

test.run();
