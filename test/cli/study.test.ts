// The study command as a process, and its workers: Ctrl-C keeps what is done and says so, two processes come to the bits of one, and
// other settings are refused in one line.

import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { settingOf, tableOf, writeTable } from "../../src/runs/kernel-table.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { gpu } from "../support/gpu.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd, startCommand } from "./start-command.ts";

const test = suite("study command");
const data = smallIdxFolder({ train: 400, test: 100 });
const out = join(temporaryFolder(), "study");
// Of no program here: the figures are those of the order.
const table = temporaryFolder();
await writeTable(table, tableOf(settingOf(await gpu()), new Map([["gemm of nobody", "naive"]])));
const FLAGS = ["--quick", "--data", data, "--kernels", table, "--out", out];

test("Ctrl-C within the tuner keeps what is done", async () => {
  const run = startCommand("study", FLAGS);
  assert.ok(await run.prints(/^3\/8 {2}tuner[\s\S]*^Trial 1 Complete/m), run.stderr());
  run.child.kill("SIGINT");
  assert.is(await run.ended, 130);
  assert.match(run.stdout(), /^what is done is kept in .*; the same command goes on from there$/m);
  assert.ok(existsSync(join(out, "02-split", "step.json")));
  assert.not(existsSync(join(out, "03-tuner", "step.json")));
  for (const part of [out, join(out, "03-tuner", "trial_1")]) {
    const found = readFileSync(join(part, "kernels.json"), "utf8");
    assert.is(found, readFileSync(join(table, "kernels.json"), "utf8"));
  }
});

test("given again it goes on; with another seed it is refused", async () => {
  const run = startCommand("study", FLAGS);
  assert.ok(await run.prints(/of 8 trials are done, and kept/), run.stderr());
  run.child.kill("SIGKILL");
  await run.ended;
  assert.match(run.stdout(), /^1\/8 {2}data look and cleaning: done before, kept$/m);
  const { code, stderr } = await runToEnd("study", [...FLAGS, "--seed", "3"]);
  assert.is(code, 2);
  assert.match(
    stderr,
    /^error: --out: .* got seed 42 in .* and 3 now\nhelp: .*\(--out, --overwrite\)\n$/,
  );
});

/** Every file of the steps that train, but for times, which report.html and record.json have as well. */
function trainedIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true }).map(String).sort();
  const files = names.flatMap((name): [string, string][] => {
    if (!/^0[456]-.*\.\w+$/.test(name) || name.endsWith(".lock")) return [];
    const text = readFileSync(join(folder, name)).toString("latin1");
    const bare = text.replaceAll(/^ *"(seconds|beside|msPerStep)": .*\n/gm, "");
    return [
      [name, name.endsWith(".json") ? bare : createHash("sha256").update(bare).digest("hex")],
    ];
  });
  return Object.fromEntries(files);
}

test("the best model is trained beside the folds, and interrupted it comes to what one process comes to", async () => {
  const inWorkers = [...FLAGS, "--workers", "2"];
  const run = startCommand("study", inWorkers);
  assert.ok(await run.prints(/^fold \d: /m), run.stderr());
  run.child.kill("SIGINT");
  assert.is(await run.ended, 130, run.stderr());
  assert.match(run.stdout(), /^workers {4}2 processes, to the bits of one/m);
  assert.match(
    run.stdout(),
    /^4\/8 {2}training of the best model\n\n6\/8 {2}cross-validation, beside the training$/m,
  );
  assert.is(existsSync(join(out, "exchange")), false);
  const two = await runToEnd("study", inWorkers);
  assert.is(two.code, 0, two.stderr);
  assert.match(two.stdout, /[1-5] of 5 folds are done, and kept/);
  // Here alone, what they trained is trained again: the best model, and one of the folds.
  const alone = join(temporaryFolder(), "alone");
  cpSync(out, alone, { recursive: true, filter: (path) => !path.endsWith(".lock") });
  for (const name of ["04-training", "06-folds/fold-2", "06-folds/step.json"]) {
    rmSync(join(alone, name), { recursive: true });
  }
  const one = await runToEnd("study", [...FLAGS.slice(0, -1), alone, "--workers", "1"]);
  assert.is(one.code, 0, one.stderr);
  assert.not.match(one.stdout, /^workers/m);
  const trained = trainedIn(out);
  assert.equal(trained, trainedIn(alone));
  assert.match(one.stdout, /4 of 5 folds are done, and kept\nfold 2 of 5\n/);
  for (const part of ["04-training", "06-folds/fold-2"]) {
    assert.ok(trained[`${part}/weights.safetensors`], part);
    assert.is(trained[`${part}/kernels.json`], readFileSync(join(table, "kernels.json"), "utf8"));
  }
});

test("weights that do not fit are refused before the steps", async () => {
  const file = fileURLToPath(new URL("../fixtures/h5/keras3-model.h5", import.meta.url));
  const flags = [...FLAGS.slice(0, -1), join(temporaryFolder(), "other"), "--weights-vgg19", file];
  const { code, stdout, stderr } = await runToEnd("study", flags);
  assert.is(code, 2);
  assert.match(stderr, /^error: .*keras3-model\.h5: must have the model's 16 layers with weights/);
  assert.not.match(stdout, /1\/8/);
});

test.run();
