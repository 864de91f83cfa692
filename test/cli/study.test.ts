// The study command as a process: Ctrl-C keeps what is done and says so, and other settings are refused in one line.

import { existsSync, readFileSync } from "node:fs";
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

test("weights that do not fit are refused before the steps", async () => {
  const file = fileURLToPath(new URL("../fixtures/h5/keras3-model.h5", import.meta.url));
  const flags = [...FLAGS.slice(0, -1), join(temporaryFolder(), "other"), "--weights-vgg19", file];
  const { code, stdout, stderr } = await runToEnd("study", flags);
  assert.is(code, 2);
  assert.match(stderr, /^error: .*keras3-model\.h5: must have the model's 16 layers with weights/);
  assert.not.match(stdout, /1\/8/);
});

test.run();
