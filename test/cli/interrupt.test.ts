// Training that is interrupted: by Ctrl-C, by SIGTERM delivered twice, by SIGKILL. What was finished is kept whole.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { savedFiles } from "../support/saved-run.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { type Running, runToEnd, startCommand } from "./start-command.ts";

const test = suite("interrupted training");
const data = smallIdxFolder({ train: 240, test: 60 });
const FLAGS = ["--data", data, "--batch-size", "20"];
const SAVED = [
  ...["config.json", "curves.svg", "history.csv", "kernels.json", "metrics.json"],
  ...["optimizer.safetensors", "weights.safetensors"],
];

/** What scripts may rely on in the last line of --json; valLoss and valAccuracy are null without held-out rows. */
const KEYS = [
  ...["model", "parameters", "epochs", "steps", "msPerStep", "valLoss", "valAccuracy"],
  ...["testLoss", "testAccuracy", "adapter", "out"],
];

const endless = (out: string, ...more: string[]): Running =>
  startCommand("train", [...FLAGS, "--epochs", "5000", "--patience", "0", "--out", out, ...more]);

async function reaches(run: Running, moment: RegExp): Promise<void> {
  assert.ok(await run.prints(moment), `${moment} is not in ${run.stdout()}${run.stderr()}`);
}

test("a command that the system kills is told of, with what to do, and ends with 137", async () => {
  const out = join(temporaryFolder(), "run");
  const flags = [...FLAGS, "--epochs", "5000", "--patience", "0", "--out", out];
  const launcher = spawn(process.execPath, ["src/setup/launch.mjs", "train", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => launcher.on("close", resolve));
  let said = "";
  launcher.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  await new Promise<void>((resolve) => {
    let printed = "";
    launcher.stdout.setEncoding("utf8").on("data", (text) => {
      printed += text;
      if (/^Epoch 2\//m.test(printed)) resolve();
    });
    void ended.then(() => resolve());
  });
  const asked = ["-o", "pid=", "--ppid", String(launcher.pid)];
  const pid = Number(execFileSync("ps", asked, { encoding: "utf8" }).trim().split(/\s+/)[0]);
  process.kill(pid, "SIGKILL");
  assert.is(await ended, 137);
  assert.match(
    said,
    /error: the command was killed by the system, most likely because memory ran out/,
  );
  assert.match(said, /help: .*--resume RUN/);
});

test("Ctrl-C in an epoch: the best weights so far are kept, and can be used", async () => {
  const out = join(temporaryFolder(), "run");
  const run = endless(out);
  await reaches(run, /^Epoch 3\//m);
  run.child.kill("SIGINT");
  const asked = performance.now();
  assert.is(await run.ended, 130);
  const took = performance.now() - asked;
  // Two seconds are the promise; the rest is for a machine that is busy with other tests.
  assert.ok(took < 30_000, `took ${took} ms`);
  assert.is(run.stderr().trim(), "stopping; press Ctrl-C again to stop at once");
  assert.match(run.stdout(), /^interrupted after \d+ epochs; the weights of epoch \d+ are kept\n/m);
  assert.match(run.stdout(), /^go on {6}npm run train -- --resume \S+, after (epoch|step) /m);
  assert.equal(savedFiles(out), SAVED);
  const metrics = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
  assert.is(metrics.ended, "interrupted");
  const rows = readFileSync(join(out, "history.csv"), "utf8").trim().split("\n");
  assert.is(rows.length - 1, metrics.epochs);
  const best = rows[metrics.bestEpoch]?.split(",").map(Number);
  assert.is(best?.[3], metrics.valLoss);
  const scored = await runToEnd("evaluate", [out, "--data", data]);
  assert.is(scored.code, 0, scored.stderr);
});

test("SIGTERM twice, as launchers deliver it: saved is what so many epochs would have given", async () => {
  const out = join(temporaryFolder(), "run");
  const run = endless(out, "--json", "--validation", "0");
  while (!/Epoch 2\//.test(run.stderr())) await new Promise((resolve) => setTimeout(resolve, 20));
  run.child.kill("SIGTERM");
  setTimeout(() => run.child.kill("SIGTERM"), 50);
  assert.is(await run.ended, 143);
  // Steps of the epoch that does not count moved the optimiser on.
  assert.equal(
    savedFiles(out),
    SAVED.filter((name) => name !== "optimizer.safetensors"),
  );
  const result = JSON.parse(run.stdout());
  assert.equal([result.ended, result.bestEpoch, result.out], ["interrupted", result.epochs, out]);
  const whole = ["--epochs", String(result.epochs), "--validation", "0", "--json", "--quiet"];
  const again = await runToEnd("train", [...FLAGS, ...whole, "--out", `${out}-again`]);
  assert.is(again.stderr, "");
  const { weightsSha256, ...others } = JSON.parse(again.stdout);
  assert.is(weightsSha256, result.weightsSha256);
  for (const key of KEYS) assert.ok(Object.hasOwn(others, key), `${key} in ${again.stdout}`);
});

test("before the first epoch is finished: says so, and leaves no folder", async () => {
  for (const [moment, signal, code] of [
    [/^vitrine/, "SIGINT", 130],
    [/^Model/m, "SIGTERM", 143],
  ] as const) {
    const out = join(temporaryFolder(), "runs", "run");
    const run = endless(out);
    await reaches(run, moment);
    run.child.kill(signal);
    assert.is(await run.ended, code);
    assert.match(
      run.stdout(),
      /^interrupted before the first epoch was finished; no run was saved/m,
    );
    assert.not(existsSync(dirname(out)));
  }
});

test("killed while it saves: every file that is there is whole", async () => {
  for (const name of ["weights.safetensors", "metrics.json"]) {
    const folder = temporaryFolder();
    const run = startCommand("train", [...FLAGS, "--epochs", "2", "--out", join(folder, "run")]);
    await reaches(run, /^adapter/m);
    const watcher = watch(join(folder, "run"), (_, changed) => {
      if (changed === name) run.child.kill("SIGKILL");
    });
    await run.ended;
    watcher.close();
    await checkFiles(join(folder, "run"), name);
  }
});

async function checkFiles(out: string, expected: string): Promise<void> {
  const names = readdirSync(out).filter((name) => !name.startsWith("."));
  assert.ok(names.includes(expected), `${expected} in ${names}`);
  for (const name of names) {
    const path = join(out, name);
    if (name === "weights.safetensors") assert.is((await readSafetensors(path)).tensors.size, 10);
    else if (name.endsWith(".safetensors")) await readSafetensors(path);
    else if (name.endsWith(".json")) JSON.parse(readFileSync(path, "utf8"));
    else assert.match(readFileSync(path, "utf8"), /\n$|<\/svg>\s*$/);
  }
}

test.run();
