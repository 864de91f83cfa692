// Trials and folds are runs: what takes a run takes them, a copy elsewhere too, and those of earlier versions; a training
// by a trial's settings ends in the trial's bits.

import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("trials and folds as runs");
const data = smallIdxFolder({ train: 240, test: 40 });
const root = temporaryFolder();
const study = join(root, "search");
const folds = join(root, "folds");
const DATA = ["--data", data];
const ROWS = [...DATA, "--validation", "0.2", "--seed", "5"];

/** In a way of its own, which goes with the trials wherever they go. */
const TRAINED = ["--optimizer", "nadam", "--ema", "0.9", "--augment", "flip,shift=1"];

const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));
const hashOf = (folder: string): string => json(folder, "metrics.json").weightsSha256;

async function done(command: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(command, args);
  assert.is(code, 0, `${command} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

async function refused(command: string, args: readonly string[], problem: RegExp): Promise<void> {
  const { code, stderr } = await runToEnd(command, args);
  assert.is(code, 2, stderr);
  assert.match(stderr, problem);
}

test.before(async () => {
  await done("tune", [...ROWS, ...TRAINED, "--trials", "3", "--epochs", "3", "--out", study]);
  await done("kfold", [...DATA, "--folds", "2", "--epochs", "2", "--out", folds]);
});

test("a trial says where it is from, and scores on its held-out rows what the search saw", async () => {
  const { origin, training, model } = json(study, "trial_2", "config.json");
  const trial = json(study, "trial_2", "trial.json");
  assert.equal(origin, { kind: "trial", trial: 2, tuner: "random" });
  assert.is(trial.id, "2");
  assert.is(model.activation, trial.values.activation);
  assert.is(training.batchSize, trial.values.batch_size);
  assert.equal([training.epochs, training.seed, training.validation], [3, 5, 0.2]);
  const { optimizer, ema, augment } = training;
  assert.equal([optimizer, ema, augment], ["nadam", 0.9, { flip: "horizontal", shift: 1 }]);
  const metrics = json(study, "trial_2", "metrics.json");
  assert.equal([metrics.score, metrics.bestEpoch], [trial.score, trial.bestEpoch]);
  assert.is(metrics.valAccuracy, trial.score);
  const history = readFileSync(join(study, "trial_2", "history.csv"), "utf8")
    .trim()
    .split("\n");
  assert.match(history[0] ?? "", /^epoch,loss,accuracy,val_loss,val_accuracy,lr$/);
  assert.equal(
    history.slice(1).map((line) => line.split(",")[0]),
    ["0", "1", "2"],
  );
});

test("a fold scores on the test set what the cross-validation found, also as a copy elsewhere", async () => {
  const copy = join(root, "copy");
  cpSync(join(folds, "fold-2"), copy, { recursive: true });
  rmSync(join(copy, "fold.json"));
  const scored = JSON.parse(await done("evaluate", [copy, ...DATA, "--json"]));
  const fold = json(folds, "fold-2", "fold.json");
  assert.equal([scored.loss, scored.accuracy], [fold.test.loss, fold.test.accuracy]);
  assert.is(hashOf(copy), fold.weightsSha256);
  assert.equal(json(copy, "config.json").origin, { kind: "fold", fold: 2, folds: 2 });
});

test("evaluate, predict, export and verify take a trial", async () => {
  const trial = join(study, "trial_1");
  const before = JSON.parse(await done("evaluate", [trial, ...DATA, "--json"]));
  assert.is(before.rows, 40);
  await done("predict", [trial, "--help"]);
  const file = join(root, "trial.keras");
  await done("export", [trial, "--to", file]);
  assert.is(readFileSync(file).subarray(0, 2).toString(), "PK");
  await done("verify", [trial, "--batch-size", "4", "--json"]);
});

test("trials and folds of earlier versions are runs as well", async () => {
  const copy = (from: string, name: string): string => {
    cpSync(from, join(root, name), { recursive: true });
    return join(root, name);
  };
  const oldStudy = copy(study, "old-search");
  const oldFolds = copy(folds, "old-folds");
  const scores = async (run: string) => {
    const { loss, accuracy } = JSON.parse(await done("evaluate", [run, ...DATA, "--json"]));
    return [loss, accuracy];
  };
  const [trial, fold] = [await scores(join(study, "trial_3")), await scores(join(folds, "fold-1"))];
  const record = join(oldStudy, "trial_3", "trial.json");
  writeFileSync(record, JSON.stringify({ ...json(record), format: 1, id: "2" }));
  renameSync(join(oldStudy, "trial_3"), join(oldStudy, "trial_02"));
  const olds = [join(oldStudy, "trial_02"), join(oldFolds, "fold-1")];
  for (const folder of olds) {
    for (const name of ["config.json", "metrics.json", "history.csv"]) rmSync(join(folder, name));
  }
  assert.equal([await scores(olds[0] ?? ""), await scores(olds[1] ?? "")], [trial, fold]);
});

test("what is no run is told for what it is", async () => {
  const cases: [string, RegExp][] = [
    [study, /RUN: must be .* got a tuner's study.*\nhelp: .*the best, trial (\d): .*trial_\1$/m],
    [folds, /got a cross-validation, .*\nhelp: name one of its folds, such as .*fold-1/],
    [root, /got .* without config\.json/],
  ];
  for (const [folder, problem] of cases) await refused("evaluate", [folder, ...DATA], problem);
  const failed = join(root, "failed");
  cpSync(join(study, "trial_1"), failed, { recursive: true });
  for (const name of ["config.json", "weights.safetensors"]) rmSync(join(failed, name));
  const record = {
    ...json(failed, "trial.json"),
    status: "failed",
    message: "the loss became NaN",
  };
  writeFileSync(join(failed, "trial.json"), JSON.stringify(record));
  await refused("evaluate", [failed], /got trial 1 in .*, which failed: the loss became NaN/);
});

test("trained by the best trial's settings on its rows, a run ends in the trial's bits", async () => {
  const { trialId } = json(study, "best.json");
  const best = join(study, `trial_${trialId}`);
  const out = join(root, "again");
  const same = [...ROWS, "--epochs", "3", "--patience", "0", "--out", out];
  const stdout = await done("train", [...same, "--hyperparameters", study]);
  assert.match(
    stdout,
    new RegExp(`^settings +of trial ${trialId} in .*best val_accuracy is kept$`, "m"),
  );
  assert.not.match(stdout, /^note/m);
  assert.is(hashOf(out), hashOf(best));
  assert.is(
    readFileSync(join(out, "history.csv"), "utf8"),
    readFileSync(join(best, "history.csv"), "utf8"),
  );
  const { training } = json(out, "config.json");
  assert.equal(training, { ...training, ...json(best, "config.json").training });
});

test("any trial's settings, with what differs told; flags change rate and batch", async () => {
  const trial = join(study, "trial_2");
  const out = join(root, "other");
  const more = ["--epochs", "1", "--batch-size", "24", "--learning-rate", "0.004", "--out", out];
  const stdout = await done("train", [...DATA, ...more, "--hyperparameters", trial]);
  assert.match(
    stdout,
    /^note +trial 2 itself was trained with --epochs 3 --patience 0 --seed 5 --validation 0\.2$/m,
  );
  const { training, model } = json(out, "config.json");
  assert.equal([training.batchSize, training.learningRate], [24, 0.004]);
  assert.equal(model, json(trial, "config.json").model);
});

test("what contradicts the settings is refused", async () => {
  const by = (folder: string) => [
    ...DATA,
    "--out",
    join(root, "none"),
    "--hyperparameters",
    folder,
  ];
  await refused("train", [...by(study), "--pooling", "max"], /--pooling: is the study's/);
  await refused(
    "train",
    [...by(study), "--model", "vgg16"],
    /--model: the study's is lenet5, got vgg16/,
  );
  await refused(
    "train",
    by(root),
    /--hyperparameters: must be the folder of a tuner's study, or of one/,
  );
  await refused(
    "train",
    by(join(root, "failed")),
    /--hyperparameters: must be .* got trial 1 .* failed/,
  );
});

test.run();
