// The kfold command as a process: killed at any moment it goes on and ends in the same bytes; folders of other work are
// refused.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd, startCommand } from "./start-command.ts";

const test = suite("kfold command");
const data = smallIdxFolder({ train: 240, test: 60 });
const FLAGS = ["--data", data, "--folds", "3", "--epochs", "2", "--batch-size", "40", "--leaked"];
const whole = join(temporaryFolder(), "whole");
const kfold = (out: string, ...more: string[]) =>
  runToEnd("kfold", [...FLAGS, "--out", out, ...more]);

/** The files that must not depend on interruptions. */
function outcome(out: string): Record<string, string> {
  const files = ["kfold.json", "results.json", "folds.svg", "curves.svg"];
  for (const fold of [1, 2, 3]) {
    for (const name of ["weights.safetensors", "config.json", "history.csv"]) {
      files.push(`fold-${fold}/${name}`);
    }
  }
  return Object.fromEntries(
    files.map((file) => [file, readFileSync(join(out, file)).toString("base64")]),
  );
}

test("scores every fold, and says mean and deviation", async () => {
  const { code, stdout, stderr } = await kfold(whole, "--json");
  assert.is(code, 0, stderr);
  const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  assert.is(result.folds.length, 3);
  const losses: number[] = result.folds.map(
    (fold: { heldOut: { loss: number } }) => fold.heldOut.loss,
  );
  const mean = (losses[0] ?? 0) / 3 + (losses[1] ?? 0) / 3 + (losses[2] ?? 0) / 3;
  assert.ok(Math.abs(result.summary.heldOut.loss.mean - mean) < 1e-12);
  assert.is(new Set(losses).size, 3);
  assert.is(result.folds[0].test.rows, 60);
  assert.is(result.folds[0].leaked.rows, 240);
  // Told from 1; in fold.json from 0, as in the files that people have.
  const saved = JSON.parse(readFileSync(join(whole, "fold-1", "fold.json"), "utf8"));
  assert.is(saved.bestEpoch, result.folds[0].bestEpoch - 1);
  const { scores } = JSON.parse(readFileSync(join(whole, "results.json"), "utf8"));
  assert.is(scores[0].bestEpoch, result.folds[0].bestEpoch);
  const table =
    /^fold {2}epoch.*\n(?:\d.*\n){3}mean .*\n± .*$/m.exec(stderr)?.[0].split("\n") ?? [];
  assert.is(table.length, 6, stderr);
  assert.is(new Set(table.map((line) => line.length)).size, 1, table.join("\n"));
});

test("killed at several moments, it goes on and ends in the same bytes", async () => {
  const out = join(temporaryFolder(), "killed");
  const moments = [/^data set/m, /^Fold 1\/3/m, /^fold 1 /m, /^Fold 3\/3[\s\S]*Epoch 2/m, /^mean/m];
  for (const moment of moments) {
    const run = startCommand("kfold", [...FLAGS, "--out", out]);
    assert.ok(await run.prints(moment), `${moment}: ${run.stdout()}${run.stderr()}`);
    run.child.kill("SIGKILL");
    await run.ended;
  }
  const { code, stdout, stderr } = await kfold(out);
  assert.is(code, 0, stderr);
  assert.match(stdout, /where folds 1, 2, 3 are finished/);
  assert.equal(outcome(out), outcome(whole));
  const leftovers = readdirSync(out, { recursive: true }).filter((name) =>
    /tmp$/.test(String(name)),
  );
  assert.equal(leftovers, []);
});

test("Ctrl-C keeps the finished folds and says how to go on", async () => {
  const out = join(temporaryFolder(), "stopped");
  const run = startCommand("kfold", [...FLAGS, "--out", out]);
  assert.ok(await run.prints(/^Fold 2\/3/m));
  run.child.kill("SIGINT");
  assert.is(await run.ended, 130);
  assert.match(run.stdout(), /repeat the command with --out/);
  assert.not(existsSync(join(out, "results.json")));
  assert.is((await kfold(out)).code, 0);
  assert.equal(outcome(out), outcome(whole));
});

async function refused(args: readonly string[], problem: RegExp): Promise<void> {
  const { code, stderr } = await runToEnd("kfold", args);
  assert.is(code, 2);
  assert.match(stderr, problem);
  assert.is(
    stderr
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("error:")).length,
    1,
  );
}

test("other settings, a newer version and a damaged manifest are refused, and nothing is touched", async () => {
  const before = outcome(whole);
  const flags = [...FLAGS, "--out", whole];
  await refused([...flags, "--seed", "7"], /other settings, got seed 42 in .* and 7 now/);
  await refused([...flags, "--activation", "tanh"], /other settings, got model /);
  await refused([...flags, "--data", smallIdxFolder({ train: 250, test: 60 })], /got data /);
  const manifest = join(whole, "kfold.json");
  const text = readFileSync(manifest, "utf8");
  writeFileSync(manifest, text.replace('"format": 1', '"format": 2'));
  await refused(flags, /kfold.json: was written by a newer Vitrine, got format 2/);
  writeFileSync(manifest, text.slice(0, 40));
  await refused(flags, /kfold.json: must be JSON, got 40 characters that are not/);
  writeFileSync(manifest, text);
  const fold = join(whole, "fold-1", "fold.json");
  const sound = readFileSync(fold, "utf8");
  for (const [wrong, got] of [
    ["65536", "at most 1, got 65536"],
    ["1e400", "a finite number, got Infinity"],
    ["null", "a number, got null"],
  ] as const) {
    writeFileSync(fold, sound.replace(/"accuracy": [\d.]+/, `"accuracy": ${wrong}`));
    await refused(flags, new RegExp(`fold-1/fold.json: \\S*accuracy must be ${got}`));
  }
  writeFileSync(fold, sound);
  assert.equal(outcome(whole), before);
});

test("--overwrite starts anew, but only in a folder of its own kind", async () => {
  const { code, stdout, stderr } = await kfold(whole, "--epochs", "1", "--overwrite");
  assert.is(code, 0, stderr);
  assert.not.match(stdout, /resuming/);
  const foreign = temporaryFolder();
  writeFileSync(join(foreign, "thesis.txt"), "keep me");
  await refused(
    [...FLAGS, "--out", foreign, "--overwrite"],
    /--out: the folder must be new or empty/,
  );
  assert.equal(readdirSync(foreign), ["thesis.txt"]);
});

test("the best trial of a study", async () => {
  const study = temporaryFolder();
  await refused([...FLAGS, "--hyperparameters", study], /--hyperparameters: must be the folder of/);
  const best = {
    model: { name: "lenet5", filters: [4, 8], units: [32, 16], pooling: "average" },
    training: { learningRate: 0.002, batchSize: 30 },
    score: 0.9,
    trialId: "3",
  };
  const file = join(study, "best.json");
  writeFileSync(file, JSON.stringify({ ...best, training: { learningRate: -1, batchSize: 30 } }));
  await refused(
    [...FLAGS, "--hyperparameters", study],
    /best.json: training.learningRate must be above 0, got -1/,
  );
  writeFileSync(file, JSON.stringify(best));
  await refused(
    [...FLAGS, "--hyperparameters", study, "--pooling", "max"],
    /--pooling: is the study's/,
  );
  const out = join(temporaryFolder(), "tuned");
  mkdirSync(out);
  const flags = ["--data", data, "--folds", "2", "--epochs", "1", "--out", out];
  const { code, stdout, stderr } = await runToEnd("kfold", [...flags, "--hyperparameters", study]);
  assert.is(code, 0, stderr);
  assert.match(stdout, /batch 30, rate 0.002, at most 1 epochs, of trial 3 in/);
  const settings = JSON.parse(readFileSync(join(out, "kfold.json"), "utf8"));
  assert.equal(settings.model, best.model);
  assert.equal(settings.training, { batchSize: 30, epochs: 1, learningRate: 0.002, patience: 5 });
});

test("folds that become NaN have failed: said, exit code 2, in the results by name, and the command can be repeated", async () => {
  const out = join(temporaryFolder(), "diverged");
  for (const _ of [1, 2]) {
    // A rate that is infinite as a float32 spoils the weights in the only update of an epoch: its loss is still a number.
    const flags = ["--data", data, "--folds", "3", "--epochs", "1", "--batch-size", "160"];
    const args = [...flags, "--learning-rate", "1e39", "--out", out, "--json"];
    const { code, stdout, stderr } = await runToEnd("kfold", args);
    assert.is(code, 2, stderr);
    assert.match(stderr, /^fold 2 failed: a weight of \S+ became NaN or infinite in epoch 1$/m);
    const { summary, failed } = JSON.parse(stdout);
    assert.equal([summary, failed.length], [null, 3]);
    const results = JSON.parse(readFileSync(join(out, "results.json"), "utf8"));
    assert.equal(results.failed, failed);
  }
});

test("flags that make no sense", async () => {
  const out = join(temporaryFolder(), "none");
  const flags = ["--data", data, "--out", out];
  await refused([...flags, "--folds", "1"], /--folds: must be a whole number of at least 2/);
  await refused(
    [...flags, "--limit", "12", "--folds", "13"],
    /--folds: must be at most the 12 rows/,
  );
  await refused([...flags, "--batch-size", "200"], /--batch-size: must be at most the 192 rows/);
  await refused([...flags, "--limit", "999"], /--limit: must be at most the 240 training rows/);
  assert.not(existsSync(out));
});

test.run();
