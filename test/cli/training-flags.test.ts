// --optimizer, --momentum, --nesterov, --schedule and --l2 as processes: what is recorded, what trains, what is refused.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("training flags");
const data = smallIdxFolder({ train: 240, test: 40 });
const FLAGS = ["--data", data, "--epochs", "2", "--batch-size", "40", "--validation", "0.2"];
const folder = temporaryFolder();

async function train(name: string, ...flags: string[]) {
  const out = join(folder, name);
  const { code, stderr } = await runToEnd("train", [...FLAGS, "--out", out, ...flags]);
  assert.is(code, 0, stderr);
  const config = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
  const [, ...rows] = readFileSync(join(out, "history.csv"), "utf8").trim().split("\n");
  return { config, rates: rows.map((row) => Number(row.split(",").at(-1))), rows };
}

test("--class-weight and --augment are recorded, train otherwise, and their kernels verify against float64", async () => {
  const plain = await train("even");
  const augment = "flip,shift=2,rotate=10,zoom=0.1,contrast=0.2,erase=0.5,mixup=0.3";
  const asked = ["--class-weight", "balanced", "--augment", augment];
  const weighted = await train("weighted", ...asked, "--verify-every", "3");
  assert.is(plain.config.training.classWeight, undefined);
  assert.is(weighted.config.training.classWeight, "balanced");
  const changes = { shift: 2, rotate: 10, zoom: 0.1, contrast: 0.2, erase: 0.5, mixup: 0.3 };
  assert.equal(weighted.config.training.augment, { flip: "horizontal", ...changes });
  assert.is.not(weighted.rows[1], plain.rows[1]);
});

test("each is recorded, with what it stands for by default", async () => {
  const plain = await train("plain");
  const { optimizer, schedule, learningRate, momentum } = plain.config.training;
  assert.equal([optimizer, schedule, learningRate, momentum], ["adam", "study", 1e-3, undefined]);
  assert.is(plain.config.model.l2, undefined);
  const flags = ["--optimizer", "sgd", "--momentum", "0.9", "--nesterov", "--schedule", "cosine"];
  const losses = ["--loss", "binary_crossentropy", "--label-smoothing", "0.1", "--ema", "0.9"];
  const other = await train("other", ...flags, ...losses, "--l2", "0.001");
  const { training, model } = other.config;
  assert.equal(
    [training.loss, training.labelSmoothing, training.ema],
    ["binary_crossentropy", 0.1, 0.9],
  );
  assert.equal([plain.config.training.loss, plain.config.training.ema], [undefined, undefined]);
  assert.equal(
    [training.optimizer, training.momentum, training.nesterov, training.schedule],
    ["sgd", 0.9, true, "cosine"],
  );
  // Keras's rate for SGD, and half of it in the second of two epochs.
  assert.is(training.learningRate, 0.01);
  assert.ok(Math.abs((other.rates[0] ?? 0) - 0.01) < 1e-8, `${other.rates}`);
  assert.ok(Math.abs((other.rates[1] ?? 0) - 0.005) < 1e-8, `${other.rates}`);
  assert.is(model.l2, 0.001);
  assert.is.not(other.rows[0], plain.rows[0]);
  const evaluated = await runToEnd("evaluate", [join(folder, "other"), "--data", data, "--json"]);
  assert.is(evaluated.code, 0, evaluated.stderr);
  const { testLoss } = JSON.parse(readFileSync(join(folder, "other", "metrics.json"), "utf8"));
  assert.is(JSON.parse(evaluated.stdout).loss, testLoss);
});

test("folds take them too, and their folder tells them apart", async () => {
  const out = join(folder, "folds");
  const flags = [...FLAGS.slice(0, -2), "--folds", "2", "--out", out];
  const asked = ["--optimizer", "sgd", "--schedule", "exponential"];
  const { code, stdout, stderr } = await runToEnd("kfold", [...flags, ...asked]);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^training +batch 40, rate 0\.01, at most 2 epochs, sgd, schedule exp/m);
  const { training } = JSON.parse(readFileSync(join(out, "kfold.json"), "utf8"));
  assert.equal([training.optimizer, training.schedule], ["sgd", "exponential"]);
  const refused = await runToEnd("kfold", flags);
  assert.is(refused.code, 2);
  assert.match(refused.stderr, /--out: the folder holds a cross-validation of other settings/);
});

test("what makes no sense is refused in one line that names the flag", async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["--optimizer", "adm"], /--optimizer: must be adam, .* got adm\nhelp: did you mean adam\?/],
    [
      ["--momentum", "0.9"],
      /--momentum: is for the optimisers sgd and rmsprop, got adam\nhelp: .*\(--optim/,
    ],
    [["--nesterov"], /--nesterov: is for the optimiser sgd, got adam/],
    [
      ["--optimizer", "sgd", "--nesterov"],
      /--nesterov: needs a momentum above 0, got none\nhelp: 0\.9 is usual \(--momentum\)/,
    ],
    [["--optimizer", "sgd", "--momentum", "1"], /--momentum: must be a number .*below 1, got 1/],
    [["--schedule", "linear"], /--schedule: must be study, constant, .* or cosine, got linear/],
    [["--schedule", "plateau", "--validation", "0"], /--schedule: plateau watches val_loss, got/],
    [["--l2", "-1"], /--l2: must be a number of at least 0, got -1/],
    [["--augment", "flip,zoom=2"], /--augment: zoom must be a number from 0 to 0.9, got 2\nhelp: /],
    [["--l2", "much"], /--l2: must be a number of at least 0, got much/],
  ];
  const out = join(folder, "refused");
  for (const [flags, message] of cases) {
    const args = ["--data", data, "--out", out, ...flags];
    const { code, stderr } = await runToEnd("train", args);
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
    assert.match(stderr, /^error: .+\n(help: .+\n)?$/);
    assert.not(existsSync(out));
  }
});

test("--help teaches them", async () => {
  const { stdout } = await runToEnd("train", ["--help"]);
  for (const flag of ["optimizer", "momentum", "nesterov", "schedule", "augment", "l2"]) {
    assert.match(stdout, new RegExp(`--${flag} `));
  }
  assert.match(stdout.replaceAll(/\s+/g, " "), /cosine brings it to 0 over --epochs/);
});

test.run();
