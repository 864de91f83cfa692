// `npm run train` looked at: statistics, event files, the watch for numbers, verification between steps. The weights are the same bits
// as without; a wrong kernel is found by --verify-every.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadStatistics } from "../../src/runs/statistics-file.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("looking");
const folder = temporaryFolder();
const data = smallIdxFolder({ train: 120, test: 20 });
const FLAGS = ["--data", data, "--batch-size", "10", "--validation", "0.25", "--epochs", "2"];

async function trained(name: string, ...flags: string[]) {
  const out = join(folder, name);
  const run = await runToEnd("train", [...FLAGS, ...flags, "--out", out, "--json"]);
  return { ...run, out };
}

test("everything at once changes no bit, and leaves what it says", async () => {
  const plain = await trained("plain");
  const logs = join(folder, "logs");
  const looked = await trained(
    ...(["looked", "--stats", "4", "--tensorboard", logs] as const),
    ...(["--watch-numbers", "--verify-every", "7"] as const),
  );
  assert.is(looked.code, 0, looked.stderr);
  const result = JSON.parse(looked.stdout);
  assert.is(result.weightsSha256, JSON.parse(plain.stdout).weightsSha256);
  // 90 rows: nine steps an epoch.
  assert.equal(result.verified, { steps: 2, outOfBounds: 0 });
  assert.match(looked.stderr, /^verified {3}step 7: all \d+ within their bounds/m);
  const steps = await loadStatistics(looked.out);
  assert.equal(
    steps.map(({ step, epoch }) => [step, epoch]),
    [4, 8, 12, 16].map((step) => [step, step > 9 ? 2 : 1]),
  );
  assert.equal(await loadStatistics(plain.out), []);
  for (const part of ["train", "validation"]) {
    assert.is(readdirSync(join(logs, "looked", part)).length, 1);
  }
});

test("--watch-numbers ends the run within the epoch, and the hunt finds the step", async () => {
  const run = await trained("watched", "--learning-rate", "1e25", "--watch-numbers");
  assert.is(run.code, 2);
  assert.match(run.stderr, /a weight became NaN or infinite in epoch 1; looking for where/);
  assert.match(run.stderr, /^epoch 1, step \d+: /m);
  assert.match(run.stderr, /error: --learning-rate: a weight became NaN or infinite in epoch 1\n/);
});

test("--verify-every finds a wrong kernel while it trains, and the run is saved", async () => {
  const out = join(folder, "wrong");
  const flags = [...FLAGS, "--verify-every", "5", "--out", out, "--json"];
  const run = await runToEnd("train", flags, { preload: "./test/cli/wrong-adam.ts" });
  assert.is(run.code, 1, run.stderr);
  assert.match(run.stderr, /^verified {3}step 5: 1 of \d+ out of bounds/m);
  assert.match(run.stderr, /out of bounds: #\d+ adam\n {2}kernel {5}adam\/update/);
  assert.equal(JSON.parse(run.stdout).verified, { steps: 3, outOfBounds: 3 });
});

for (const [flags, message] of [
  [["--stats", "0"], /--stats: .*got 0/],
  [["--verify-every", "x"], /--verify-every: /],
  [["--tensorboard"], /--tensorboard: /],
] as const) {
  test(`refused: ${flags.join(" ")}`, async () => {
    const { code, stderr } = await trained(`refused${flags[0]}`, ...flags);
    assert.is(code, 2);
    assert.match(stderr, message);
  });
}

test.run();
