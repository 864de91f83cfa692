// A model of Keras's, .keras and .h5, in the commands that look into one, fold it and tune it: from its weights, and with the optimiser
// that it was compiled with.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("Keras files in commands");
const folder = temporaryFolder();

/** 4×4 in grey and three classes, each compiled with its optimiser. */
const KERAS = fixture("rmsprop-3.12.0.keras", "rmsprop");
const H5 = fixture("sgd-2.15.0.h5", "sgd");

function fixture(file: string, optimizer: string) {
  const path = fileURLToPath(new URL(`../fixtures/compiled/${file}`, import.meta.url));
  return { path, optimizer, name: basename(path, extname(path)) };
}

const data = join(folder, "tiny.mjs");
writeFileSync(
  data,
  `const y = Array.from({ length: 120 }, (_, row) => row % 3);
const x = Uint8Array.from({ length: 1920 }, (_, i) => (i * i * 7919 + (i >> 4) * 131) % 251);
export const train = { x, y, shape: [4, 4] };
export const test = { x: x.slice(0, 480).map((value) => 255 - value), y: y.slice(0, 30), shape: [4, 4] };
`,
);

async function json(command: string, ...args: string[]) {
  const flags = ["--data", data, "--json"];
  const { code, stdout, stderr } = await runToEnd(command, [...args, ...flags], { cwd: folder });
  assert.is(code, 0, stderr);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

const configOf = (run: string) => JSON.parse(readFileSync(join(run, "config.json"), "utf8"));

interface Dispatched {
  readonly kernel: string;
}

// Ten seconds of timing each: the one that is named, and the one in the line.
test("profile times the step of the optimiser that an .h5 was compiled with", async () => {
  const { path, optimizer } = H5;
  const { dispatches, batch } = await json("profile", "--model", path, "--batch-size", "10");
  assert.is(batch, 10);
  assert.ok(dispatches.some(({ kernel }: Dispatched) => kernel === `${optimizer}/update`));
});

test("inspect writes the page of a .keras where the person is", async () => {
  const { path, name, optimizer } = KERAS;
  const { out, outOfBounds, images } = await json("inspect", path, "--images", "2");
  assert.equal([out, outOfBounds, images], [`inspect-${name}.html`, 0, 2]);
  const page = readFileSync(join(folder, out), "utf8");
  assert.match(page, /^<!doctype html>/i);
  assert.match(page, `${optimizer}/update`);
});

for (const { path, name, optimizer } of [KERAS, H5]) {
  test(`${name}: verify holds its step against float64`, async () => {
    const { isRight, uncovered, checks } = await json("verify", path, "--batch-size", "10");
    assert.equal([isRight, uncovered], [true, []]);
    const kernels = checks.flatMap((check: { readonly kernels: string[] }) => check.kernels);
    assert.ok(kernels.includes(`${optimizer}/update`));
  });

  test(`${name}: kfold begins every fold with its weights, and trains as it was compiled`, async () => {
    const out = join(folder, `folds-${name}`);
    const flags = ["--folds", "2", "--epochs", "1", "--batch-size", "20", "--out", out];
    await json("kfold", "--model", path, ...flags);
    const folds = [1, 2].map((fold) => configOf(join(out, `fold-${fold}`)));
    for (const { model, training } of folds) {
      assert.match(model.pretrained, /^[0-9a-f]{64}$/);
      assert.is(training.optimizer, optimizer);
    }
    const { rows } = await json("evaluate", join(out, "fold-2"));
    assert.is(rows, 30);
    const { checks } = await json("verify", join(out, "fold-1"), "--batch-size", "10");
    const ops = checks.map(({ op }: { readonly op: string }) => op);
    assert.ok(ops.includes(optimizer), "a run is verified as it was trained");
  });

  test(`${name}: tune searches how it is trained on, and its winner is trained`, async () => {
    const out = join(folder, `search-${name}`);
    await json("tune", "--model", path, "--trials", "2", "--epochs", "1", "--out", out);
    const best = JSON.parse(readFileSync(join(out, "best.json"), "utf8"));
    assert.match(best.model.pretrained, /^[0-9a-f]{64}$/);
    const run = join(folder, `won-${name}`);
    await json("train", "--hyperparameters", out, "--weights", path, "--epochs", "1", "--out", run);
    const { model, training } = configOf(run);
    assert.equal(model.pretrained, best.model.pretrained);
    assert.is(training.learningRate, best.training.learningRate);
    assert.ok(existsSync(join(run, "weights.safetensors")));
  });
}

test.run();
