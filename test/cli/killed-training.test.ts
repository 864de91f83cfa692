// A training that is killed at random moments, thirty times, and taken up again each time, ends in the weights and the history of
// one that was let alone.

import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { defaultOut } from "../../src/cli/inputs/shared-flags.ts";
import { RandomState } from "../../src/data/random-state.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { killAndResume, outcomeOf } from "../support/kill-training.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("killed training");
const data = smallIdxFolder({ train: 400, test: 40 });
const KILLS = 30;

test("killed thirty times, it ends as one that was not", async () => {
  const folder = temporaryFolder();
  // Checkpoints within epochs as well: an epoch takes a third of a second, and all of them longer than what the killed ones have together.
  const more = ["--checkpoint-minutes", "0.001", "--schedule", "plateau", "--patience", "0"];
  const args = ["--data", data, "--batch-size", "12", "--epochs", "24", ...more];
  const random = new RandomState(7);
  const killed = await killAndResume({
    ...{ args, out: join(folder, "killed"), kills: KILLS, most: 250 },
    random: () => random.u32() / 2 ** 32,
  });
  assert.equal(killed.torn, []);
  assert.ok(killed.whileTraining >= KILLS / 2, `${killed.whileTraining} were training`);
  const whole = await runToEnd("train", [...args, "--out", join(folder, "whole")]);
  assert.is(whole.code, 0, whole.stderr);
  const { sha256, history } = outcomeOf(join(folder, "whole"));
  assert.is(killed.sha256, sha256);
  assert.is(killed.history, history);
});

test("what differs from how it was begun is refused by name; more epochs are not", async () => {
  const out = join(temporaryFolder(), "run");
  const args = ["--data", data, "--epochs", "2", "--out", out];
  const first = await runToEnd("train", args);
  assert.is(first.code, 0, first.stderr);
  for (const [flags, message] of [
    [["--seed", "7"], /got seed 42 in .*run and 7 now/],
    [["--batch-size", "20"], /got batchSize 50 in .*run and 20 now/],
    [["--epochs", "1"], /got epochs 2 in .*run and 1 now/],
    [["--limit", "300"], /got limit (none|null) in .*run and 300 now/],
  ] as const) {
    const { code, stderr } = await runToEnd("train", ["--resume", out, ...flags]);
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
  }
  const longer = await runToEnd("train", ["--resume", out, "--epochs", "3", "--json"]);
  assert.is(longer.code, 0, longer.stderr);
  assert.match(longer.stderr, /^resumed {4}after epoch 2$/m);
  assert.is(JSON.parse(longer.stdout).epochs, 3);
});

test("a checkpoint that is damaged is named, and the one before it serves", async () => {
  const { readdirSync, writeFileSync } = await import("node:fs");
  const out = join(temporaryFolder(), "run");
  const args = ["--data", data, "--epochs", "3", "--json", "--out", out];
  const first = await runToEnd("train", args);
  assert.is(first.code, 0, first.stderr);
  const newest = readdirSync(out)
    .filter((name) => name.startsWith("checkpoint-"))
    .sort()
    .at(-1);
  writeFileSync(join(out, newest ?? ""), "half of it");
  const again = await runToEnd("train", ["--resume", out, "--json"]);
  assert.is(again.code, 0, again.stderr);
  assert.match(again.stderr, /^damaged {4}.*checkpoint-3\.safetensors: /m);
  assert.match(again.stderr, /^resumed {4}after epoch 2$/m);
  const [one, other] = [first, again].map(({ stdout }) => JSON.parse(stdout).weightsSha256);
  assert.is(one, other);
});

test("two at once into one folder: the second is refused", async () => {
  const out = join(temporaryFolder(), "run");
  // So many that the first is still there when the second comes, also on a busy machine.
  const args = ["--data", data, "--epochs", "20", "--json"];
  const both = await Promise.all([1, 2].map(() => runToEnd("train", [...args, "--out", out])));
  assert.equal(both.map(({ code }) => code).sort(), [0, 2]);
  const refused = both.find(({ code }) => code === 2);
  assert.match(refused?.stderr ?? "", /--out: is in use, got .*run, where process \d+ works/);
});

test("without --out, commands of the same second get folders of their own", async () => {
  const [before, folder] = [process.cwd(), temporaryFolder()];
  process.chdir(folder);
  try {
    const date = new Date(2026, 7, 1, 14, 3, 22);
    const outs = await Promise.all([1, 2, 3].map(() => defaultOut("lenet5", date)));
    const first = join("runs", "2026-08-01-14-03-22-lenet5");
    assert.equal(outs.sort(), [first, `${first}-2`, `${first}-3`]);
  } finally {
    process.chdir(before);
  }
});

test.run();
