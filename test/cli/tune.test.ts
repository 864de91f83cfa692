// The tune command as a process: killed at any moment it goes on and ends in the same bytes; folders of other work are
// refused; every tuner runs.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseFlags } from "../../src/cli/frame/flags.ts";
import { modelConfig } from "../../src/cli/inputs/model-flags.ts";
import {
  describeStudy,
  planSearch,
  TUNE_FLAGS,
  type TuneFlags,
} from "../../src/cli/inputs/tune-plan.ts";
import type { CleanData } from "../../src/data/clean.ts";
import { firstDifference } from "../../src/runs/json-difference.ts";
import { asJson } from "../../src/runs/search-description.ts";
import { defaultValues } from "../../src/tune/space.ts";
import { planOf } from "../../src/tune/tuner.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallDataset } from "../support/small-data.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd, startCommand } from "./start-command.ts";

const test = suite("tune command");
const data = smallIdxFolder({ train: 240, test: 20 });
const FLAGS = ["--data", data, "--trials", "4", "--epochs", "2", "--validation", "0.2"];
const whole = join(temporaryFolder(), "whole");
const tune = (out: string, ...more: string[]) =>
  runToEnd("tune", [...FLAGS, "--out", out, ...more]);

/** What a study holds, but for the time it took. */
function outcome(out: string): Record<string, string> {
  const files = readdirSync(out, { recursive: true }).map(String).sort();
  const contents = files.flatMap((name): [string, string][] => {
    if (!name.includes(".")) return [];
    const text = readFileSync(join(out, name)).toString("latin1");
    return [[name, text.replace(/"seconds": [\d.e-]+/, "")]];
  });
  return Object.fromEntries(contents);
}

test("runs its trials and leaves the best", async () => {
  const logs = join(temporaryFolder(), "logs");
  const { code, stdout, stderr } = await tune(whole, "--json", "--tensorboard", logs);
  assert.is(code, 0, stderr);
  const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  assert.is(result.trials.length, 4);
  const scores: number[] = result.trials.map((trial: { score: number }) => trial.score);
  assert.is(result.best.score, Math.max(...scores));
  const boards = readdirSync(logs, { withFileTypes: true }).filter((one) => one.isDirectory());
  assert.equal(
    boards.map(({ name }) => name).sort(),
    readdirSync(whole)
      .filter((name) => name.startsWith("trial_"))
      .sort(),
  );
  assert.match(stderr, /^Search: Running Trial #4$/m);
  assert.match(stderr, /^Trial 4 Complete \[00h 00m \d\ds\]\nval_accuracy: 0\.\d+$/m);
  assert.match(stderr, /^Results summary$/m);
  const best = JSON.parse(readFileSync(join(whole, "best.json"), "utf8"));
  assert.is(best.score, result.best.score);
  assert.is(best.model.name, "lenet5");
  assert.is(readFileSync(join(whole, "trials.svg"), "utf8").slice(0, 4), "<svg");
});

test("the best plan cross-validates", async () => {
  const flags = [
    "--data",
    data,
    "--folds",
    "2",
    "--epochs",
    "1",
    "--out",
    join(temporaryFolder(), "k"),
  ];
  const { code, stderr } = await runToEnd("kfold", [...flags, "--hyperparameters", whole]);
  assert.is(code, 0, stderr);
});

/** Waits until a path of the study is there, polling as fast as a file system allows. */
async function appears(path: string, ended: Promise<unknown>): Promise<boolean> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!existsSync(path)) {
    if (over) return false;
    await sleep(1);
  }
  return true;
}

test("killed at several moments, it goes on and ends in the same bytes", async () => {
  const out = join(temporaryFolder(), "killed");
  const files = ["oracle.json", "trial_2/weights.safetensors", "trial_3"];
  for (const file of files) {
    const run = startCommand("tune", [...FLAGS, "--out", out]);
    assert.ok(await appears(join(out, file), run.ended), `${file}: ${run.stderr()}`);
    run.child.kill("SIGKILL");
    await run.ended;
  }
  for (const moment of [/Trial #3[\s\S]*Epoch 2/, /Trial 4 Complete/]) {
    const run = startCommand("tune", [...FLAGS, "--out", out]);
    assert.ok(await run.prints(moment), `${moment}: ${run.stdout()}${run.stderr()}`);
    run.child.kill("SIGKILL");
    await run.ended;
  }
  const { code, stdout, stderr } = await tune(out);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^Reloading Tuner from .*oracle\.json\n +4 trials are finished$/m);
  assert.equal(outcome(out), outcome(whole));
});

test("Ctrl-C keeps the finished trials and says how to go on", async () => {
  const out = join(temporaryFolder(), "stopped");
  const run = startCommand("tune", [...FLAGS, "--out", out]);
  assert.ok(await run.prints(/Running Trial #2[\s\S]*Epoch 1/));
  run.child.kill("SIGINT");
  assert.is(await run.ended, 130);
  assert.match(run.stdout(), /interrupted: 1 trial is finished\nto go on, repeat the command with/);
  assert.is((await tune(out)).code, 0);
  assert.equal(outcome(out), outcome(whole));
});

test("Hyperband, killed in a trial that goes on from another, ends alike", async () => {
  const more = ["--tuner", "hyperband", "--factor", "2", "--validation", "0.2"];
  const flags = ["--data", data, "--epochs", "2", ...more];
  const [plain, killed] = [join(temporaryFolder(), "plain"), join(temporaryFolder(), "killed")];
  const { code, stdout } = await runToEnd("tune", [...flags, "--out", plain]);
  assert.is(code, 0);
  assert.match(stdout, /^search +hyperband over 10 hyper-parameters, 5 trials, by val_accuracy$/m);
  const promoted = JSON.parse(readFileSync(join(plain, "trial_3", "trial.json"), "utf8"));
  assert.match(promoted.values["tuner/trial_id"], /^[12]$/);
  const run = startCommand("tune", [...flags, "--out", killed]);
  assert.ok(await run.prints(/Running Trial #3/));
  run.child.kill("SIGKILL");
  await run.ended;
  assert.is((await runToEnd("tune", [...flags, "--out", killed])).code, 0);
  assert.equal(outcome(killed), outcome(plain));
});

test("folds: a trial is scored by their mean", async () => {
  const out = join(temporaryFolder(), "folds");
  const flags = ["--data", data, "--trials", "1", "--epochs", "1", "--folds", "2", "--out", out];
  const { code, stdout, stderr } = await runToEnd("tune", flags);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^Fold 2\/2$/m);
  const trial = JSON.parse(readFileSync(join(out, "trial_1", "trial.json"), "utf8"));
  assert.is(trial.score, (trial.folds[0] + trial.folds[1]) / 2);
  assert.ok(existsSync(join(out, "trial_1", "fold-2", "weights.safetensors")));
});

async function refused(args: readonly string[], problem: RegExp): Promise<void> {
  const { code, stderr } = await runToEnd("tune", args);
  assert.is(code, 2, stderr);
  assert.match(stderr, problem);
  assert.is(stderr.split("\n").filter((line) => line.startsWith("error:")).length, 1);
}

test("a study of other settings or a newer version is refused, and nothing is touched", async () => {
  const before = outcome(whole);
  const flags = [...FLAGS, "--out", whole];
  await refused([...flags, "--seed", "7"], /other settings, got settings \w+ 42 in .* and 7 now/);
  await refused([...flags, "--limit", "200"], /got settings limit null in .* and 200 now/);
  const manifest = join(whole, "oracle.json");
  const text = readFileSync(manifest, "utf8");
  writeFileSync(manifest, text.replace('"format": 2', '"format": 3'));
  await refused(flags, /oracle\.json: was written by a newer Vitrine, got format 3/);
  writeFileSync(manifest, text);
  assert.equal(outcome(whole), before);
});

test("a foreign folder is left alone, also with --overwrite", async () => {
  const foreign = temporaryFolder();
  writeFileSync(join(foreign, "thesis.txt"), "keep me");
  const flags = [...FLAGS, "--out", foreign, "--overwrite"];
  await refused(flags, /--out: the folder must be new or empty/);
  assert.equal(readdirSync(foreign), ["thesis.txt"]);
});

/** As the command line would give them, for the small data set. */
function planned(...args: string[]) {
  const { values } = parseFlags(TUNE_FLAGS, args);
  const rows = smallDataset(240);
  const nothing = { missing: [], duplicates: [] };
  const cleaning = { train: nothing, test: nothing };
  const data: CleanData = {
    source: "small",
    train: rows,
    test: rows,
    cleaning,
    keepsDuplicates: false,
  };
  const flags = Object.fromEntries(values) as TuneFlags;
  return planSearch(flags, { model: modelConfig(flags), own: null }, data);
}

test("flags that make no sense", () => {
  const cases: [string, RegExp][] = [
    ["--tuner hyperban", /^--tuner: must be random, grid, hyperband or bayesian/],
    ["--folds 3 --tuner hyperband", /^--folds: does not go with --tuner hyperband/],
    ["--folds 3 --objective loss", /^--objective: folds are scored by val_accuracy/],
    ["--validation 0", /^--validation: must be above 0 for the objective val_accuracy/],
    ["--limit 110 --validation 0.2", /^--limit: must leave 100 rows to train on, .* got 88/],
    ["--limit 140 --folds 2", /^--limit: must leave 100 rows to train on, .* got 70/],
    ["--limit 12 --validation 0.05", /^--validation: 0.05 of 12 rows cannot be held out, /],
    ["--limit 999", /^--limit: must be at most the 240 training rows/],
    ["--initial 3", /^--initial: is for --tuner bayesian, got random/],
    ["--momentum 0.9", /^momentum: is for the optimisers sgd and rmsprop, got adam/],
    ["--augment flip=up", /^augment: flip must be horizontal, vertical, both, got up/],
    ["--label-smoothing 0.1 --loss mse", /^labelSmoothing: is for the cross-entropies, got mse/],
    [
      "--schedule plateau --validation 0 --objective loss",
      /^--schedule: plateau watches val_loss, got --validation 0/,
    ],
    ["--trials 0", /^--trials: must be a whole number of at least 1/],
  ];
  for (const [line, problem] of cases) {
    assert.throws(
      () => planned(...line.split(" ")),
      (error: Error) => problem.test(error.message),
      line,
    );
  }
});

test("flags of training are of every trial, and of the study's description", () => {
  const line = "--optimizer sgd --momentum 0.9 --augment flip --label-smoothing 0.1 --ema 0.9";
  const { hyperModel, space, optimisation } = planned(...line.split(" "));
  const { training } = planOf(hyperModel, space, defaultValues(space));
  const asked = { optimizer: "sgd", momentum: 0.9, labelSmoothing: 0.1, ema: 0.9 };
  assert.equal(optimisation, { ...asked, augment: { flip: "horizontal" } });
  // Of sgd's default rate, ten times Adam's.
  assert.equal(training, { ...optimisation, learningRate: 0.01, batchSize: 50 });
  const described = (...args: string[]) => {
    const flags = Object.fromEntries(parseFlags(TUNE_FLAGS, args).values) as TuneFlags;
    return asJson(describeStudy(flags, planned(...args)).settings);
  };
  const plain = described();
  assert.equal(firstDifference(plain, described("--augment", "flip,shift=2")), {
    at: "augment",
    left: "none",
    right: '{"flip":"horizontal","shift":2}',
  });
  assert.is(firstDifference(plain, described("--loss", "mse"))?.right, '"mse"');
  assert.is(firstDifference(plain, described("--optimizer", "adam")), null);
});

test("as many trials as KerasTuner has, unless asked for otherwise", () => {
  assert.is(planned().maxTrials, 10);
  assert.is(planned("--tuner", "hyperband").maxTrials, null);
  assert.is(planned("--tuner", "grid", "--trials", "7").maxTrials, 7);
  assert.is(planned("--objective", "loss", "--validation", "0").rows.train.length, 240);
});

test.run();
