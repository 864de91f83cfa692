// Weights of classes, as `fit` and the flag take them: the same training as with a weight for each row, and what is refused.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { classWeightText, parseClassWeight } from "../../src/cli/inputs/class-weight-flag.ts";
import { UsageError } from "../../src/engine/core/errors.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import { flatten } from "../../src/engine/layers/shaping.ts";
import { type FitOptions, fit } from "../../src/library/fit.ts";
import { rowsOf, tensorData } from "../../src/library/tensor-data.ts";
import type { ClassWeight } from "../../src/train/class-weights.ts";
import { crossValidate, foldSplits } from "../../src/train/cross-validation.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("class weights");

const ROWS = 24;
const x = Float32Array.from({ length: 4 * ROWS }, (_, i) => Math.sin(i * i));
const y = Array.from({ length: ROWS }, (_, row) => (row % 6 === 0 ? 1 : row % 6 === 1 ? 2 : 0));
const network = sequential("net", [4], [dense({ units: 3, activation: "softmax" })]);
const flatNetwork = sequential(
  "flat",
  [28, 28, 1],
  [flatten(), dense({ units: 3, activation: "softmax" })],
);

async function trained(more: Partial<FitOptions>, sampleWeight?: readonly number[]) {
  const data = tensorData({ x, y, shape: [4], ...(sampleWeight && { sampleWeight }) });
  const run = await fit(await gpu(), network, {
    ...{ train: data, learningRate: 0.05, batchSize: 10, epochs: 3, seed: 2 },
    ...more,
  });
  const values = run.weights.flatMap(({ data: own }) => [...own]);
  const { history } = run;
  run.dispose();
  return { values, history };
}

test("by class number, in an object or a list, is a weight for each row; others count 1", async () => {
  const plain = await trained({});
  const byRow = await trained(
    {},
    y.map((label) => [1, 2.5, 0.5][label] ?? 0),
  );
  for (const classWeight of [{ 1: 2.5, 2: 0.5 }, [1, 2.5, 0.5]]) {
    assert.equal(await trained({ classWeight }), byRow);
  }
  assert.not.equal(byRow.values, plain.values);
});

test("balanced goes by the rows that are trained on", async () => {
  // Of the first 12 rows, 8 are of class 0, and 2 of each other.
  const data = tensorData({ x, y, shape: [4] });
  const train = rowsOf(
    data,
    Array.from({ length: 12 }, (_, row) => row),
  );
  const balanced = await trained({ train, classWeight: "balanced" });
  assert.equal(balanced, await trained({ train, classWeight: [12 / 24, 12 / 6, 12 / 6] }));
});

test("folds are trained by them, each by its own rows", async () => {
  const device = await gpu();
  const name = "folds";
  const bytes = Uint8Array.from({ length: 784 * ROWS }, (_, i) => (i * 37) % 256);
  const dataset = {
    ...{ name, rows: ROWS, height: 28, width: 28, channels: 1 },
    ...{ images: bytes, labels: Uint8Array.from(y), classNames: ["a", "b", "c"] },
  };
  const run = async (classWeight?: ClassWeight) => {
    const [result] = await crossValidate({
      ...{ device, model: { name: "lenet5", classes: 3 } },
      basis: {
        pretrained: new Map(),
        modelOf: () => flatNetwork,
        place: async () => data,
        complete: (own) => own,
      },
      ...{ data, splits: foldSplits(ROWS, { folds: 2, seed: 1 }).slice(0, 1), seed: 1 },
      training: {
        ...{ epochs: 2, batchSize: 12, learningRate: 0.01, patience: 0 },
        ...(classWeight && { classWeight }),
      },
    });
    return result?.history.map(({ loss }) => loss);
  };
  const data = uploadDataset(device, dataset);
  const [split] = foldSplits(ROWS, { folds: 2, seed: 1 });
  const counts = [0, 1, 2].map(
    (label) => Array.from(split?.train ?? []).filter((row) => y[row] === label).length,
  );
  const weights = counts.map((count) => 12 / (3 * count));
  assert.equal(await run("balanced"), await run(weights));
  assert.not.equal(await run("balanced"), await run());
});

test("what is no weight, or of another class, is refused by its argument", async () => {
  const wrong: readonly (readonly [ClassWeight, string])[] = [
    [{ 3: 1 }, "classWeight: must be of classes 0 to 2, got one of 3"],
    [{ one: 1 }, "classWeight: must be by class number, got one"],
    [[1, -2], "classWeight: must have numbers from 0, got -2 for class 1"],
    [{}, "classWeight: must have a weight or more, got none"],
  ];
  for (const [classWeight, message] of wrong) {
    const error = await trained({ classWeight }).catch((caught: unknown) => caught);
    assert.instance(error, UsageError);
    assert.equal(
      [(error as Error).message, (error as UsageError).argument],
      [message, "classWeight"],
    );
  }
});

test("--class-weight takes them in the line and from a file, and says them again", () => {
  const file = join(temporaryFolder(), "weights.json");
  writeFileSync(file, '{ "0": 1, "2": 2.5 }');
  assert.equal(parseClassWeight(file), { 0: 1, 2: 2.5 });
  assert.equal(parseClassWeight("0=1, 2=2.5"), { 0: 1, 2: 2.5 });
  assert.is(classWeightText({ 0: 1, 2: 2.5 }), "0=1,2=2.5");
  assert.equal([parseClassWeight("balanced"), parseClassWeight("none")], ["balanced", undefined]);
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["even", /^--class-weight: must be balanced, none, weights such as 0=1,1=2.5 or a .json file/],
    ["0=1,0=2", /^--class-weight: must name each class once, got 0=1,0=2$/],
    ["0=", /^--class-weight: must be balanced/],
    ["0=x", /^classWeight: must have numbers from 0, got NaN for class 0$/],
    [`${file}.json`, /^--class-weight: .* must be a file of JSON, got Error: ENOENT/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(
      () => parseClassWeight(text),
      ({ message: got }: Error) => message.test(got),
    );
  }
});

test.run();
