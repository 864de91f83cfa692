// `tune --workers`: trials in several processes leave what trials one after another leave, weights bit for bit; a worker that is
// killed is replaced; nothing stays of the exchange.

import { type ChildProcess, execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd, startCommand } from "./start-command.ts";

const test = suite("tune --workers");
const data = smallIdxFolder({ train: 240, test: 20 });
const FLAGS = ["--data", data, "--trials", "5", "--epochs", "2", "--validation", "0.2"];

/** What a study holds, but for the time it took and what a trial ran on. */
function outcome(out: string): Record<string, string> {
  const files = readdirSync(out, { recursive: true }).map(String).sort();
  const contents = files.flatMap((name): [string, string][] => {
    if (!name.includes(".") || name.endsWith(".lock")) return [];
    const text = readFileSync(join(out, name)).toString("latin1");
    const bare = text.replace(/"seconds": [\d.e-]+/, "");
    const ranOn = /^ {2}"(adapter|driver)": .*\n/gm;
    return [[name, name.endsWith("trial.json") ? bare.replaceAll(ranOn, "") : bare]];
  });
  return Object.fromEntries(contents);
}

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
    assert.equal(outcome(out), outcome(join(folder, "one")));
    assert.is(existsSync(join(out, "exchange")), false);
    const trial = JSON.parse(readFileSync(join(out, "trial_2", "trial.json"), "utf8"));
    assert.type(trial.adapter, "string");
    assert.type(trial.driver, "string");
    const { trials: told, best } = JSON.parse(two.stdout);
    assert.is(told.length, Object.keys(outcome(out)).filter((n) => /trial.json$/.test(n)).length);
    assert.type(best.score, "number");
  });
}

test("a worker that is killed is replaced, and no trial lost or counted twice", async () => {
  const folder = temporaryFolder();
  const flags = [...FLAGS, "--epochs", "12"];
  const one = await runToEnd("tune", [...flags, "--out", join(folder, "one")]);
  assert.is(one.code, 0, one.stderr);
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
  assert.equal(outcome(out), outcome(join(folder, "one")));
});

test("stopped, all workers go, and the search goes on with another number of them", async () => {
  const folder = temporaryFolder();
  const flags = [...FLAGS, "--epochs", "12"];
  const one = await runToEnd("tune", [...flags, "--out", join(folder, "one")]);
  assert.is(one.code, 0, one.stderr);
  const out = join(folder, "two");
  const running = startCommand("tune", [...flags, "--workers", "3", "--out", out]);
  assert.ok(await running.prints(/Running Trial #3/));
  while (!existsSync(join(out, "checkpoints"))) await sleep(50);
  const workers = workersOf(running.child);
  assert.ok(workers.length >= 2, `${workers.length} workers`);
  running.child.kill("SIGINT");
  assert.is(await running.ended, 130, running.stderr());
  for (const worker of workers) assert.not.match(commandOf(worker), /trial-process/);
  const again = await runToEnd("tune", [...flags, "--workers", "2", "--out", out]);
  assert.is(again.code, 0, again.stderr);
  assert.equal(outcome(out), outcome(join(folder, "one")));
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
