// Cross-validation as a library: every row is held out once, folds depend on seed and number alone, finished ones are not
// trained again.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { imageBasis } from "../../src/train/basis.ts";
import {
  type CrossValidationOptions,
  crossValidate,
  type FoldResult,
  foldSeed,
  foldSplits,
  spread,
} from "../../src/train/cross-validation.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { DivergenceError } from "../../src/train/divergence-error.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("cross-validation");
const ROWS = 120;
const dataset = smallDataset(ROWS);

async function options(): Promise<CrossValidationOptions> {
  const device = await gpu();
  return {
    device,
    model: { name: "lenet5" },
    basis: imageBasis(device),
    data: uploadDataset(device, dataset),
    splits: foldSplits(ROWS, { folds: 3, seed: 5, stratify: dataset.labels }),
    training: { epochs: 2, batchSize: 20, learningRate: 1e-3, patience: 5 },
    seed: 5,
  };
}

test("every row is held out once, in equal shares of each class", () => {
  for (const stratify of [undefined, dataset.labels]) {
    const splits = foldSplits(ROWS, { folds: 3, seed: 1, stratify });
    const heldOut = splits.flatMap((split) => [...split.test]).sort((a, b) => a - b);
    assert.equal(
      heldOut,
      Array.from({ length: ROWS }, (_, row) => row),
    );
    for (const { test: rows } of stratify ? splits : []) {
      const counts = Array.from({ length: 10 }, () => 0);
      for (const row of rows)
        counts[dataset.labels[row] ?? 0] = (counts[dataset.labels[row] ?? 0] ?? 0) + 1;
      assert.equal(counts, Array(10).fill(4));
    }
  }
  assert.throws(
    () => foldSplits(3, { folds: 4, seed: 1 }),
    /^folds: must be at most the 3 rows, got 4$/,
  );
});

test("seeds of folds differ by seed and by fold", () => {
  const seeds = [1, 2].flatMap((seed) => [0, 1, 2].map((fold) => foldSeed(seed, fold)));
  assert.is(new Set(seeds).size, 6);
});

let whole: FoldResult[] = [];

test("folds are scored on what they held out, on a test set and, if asked, on all rows", async () => {
  const base = await options();
  const other = smallDataset(50, 2);
  const leakedRows = Uint32Array.from({ length: ROWS }, (_, row) => row);
  const finished: number[] = [];
  whole = await crossValidate({
    ...base,
    test: uploadDataset(base.device, other),
    leakedRows,
    onFold: ({ fold }, { weights, variables }) => {
      finished.push(fold);
      assert.is([...weights.keys()].length, [...variables].length);
    },
  });
  assert.equal(finished, [0, 1, 2]);
  for (const { heldOut, test: score, leaked, history, epochs, bestEpoch } of whole) {
    assert.equal([heldOut.rows, score?.rows, leaked?.rows], [40, 50, ROWS]);
    assert.is(epochs, 2);
    // The best epoch's weights were brought back and scored.
    assert.is(heldOut.loss, history[bestEpoch - 1]?.["val_loss"]);
    assert.is(heldOut.loss, Math.min(...history.map((logs) => logs["val_loss"] ?? Infinity)));
  }
});

test("a fold is the same alone as after others, and finished folds are not trained again", async () => {
  const base = await options();
  const begun: number[] = [];
  const results = await crossValidate({
    ...base,
    finished: (fold) => (fold === 1 ? undefined : whole[fold]),
    onFoldBegin: (fold) => begun.push(fold),
  });
  assert.equal(begun, [1]);
  assert.is(results[0], whole[0]);
  assert.equal(results[1]?.heldOut, whole[1]?.heldOut);
  assert.equal(results[1]?.history, whole[1]?.history);
});

test("interrupted within a fold, it returns those before", async () => {
  const base = await options();
  const controller = new AbortController();
  const results = await crossValidate({
    ...base,
    signal: controller.signal,
    onFoldBegin: (fold) => fold === 1 && controller.abort(),
  });
  assert.equal(
    results.map(({ fold }) => fold),
    [0],
  );
});

test("a fold's buffers are freed", async () => {
  const base = await options();
  const scopes: { destroyed: boolean }[] = [];
  const { device } = base;
  const original = device.scope.bind(device);
  device.scope = () => {
    const scope = original();
    const record = { destroyed: false };
    const destroy = scope.destroy.bind(scope);
    scope.destroy = () => {
      record.destroyed = true;
      destroy();
    };
    scopes.push(record);
    return scope;
  };
  try {
    await crossValidate(base);
  } finally {
    device.scope = original;
  }
  assert.equal(scopes, [{ destroyed: true }, { destroyed: true }, { destroyed: true }]);
});

test("a loss that becomes NaN ends it; a batch beyond a fold's rows is refused", async () => {
  const base = await options();
  const training = { ...base.training, learningRate: 1e18 };
  const failed = await crossValidate({ ...base, training }).catch((error: unknown) => error);
  assert.instance(failed, DivergenceError);
  const large = crossValidate({ ...base, training: { ...base.training, batchSize: 81 } });
  const refused = await large.catch((error: unknown) => error);
  assert.match(
    String(refused),
    /^UsageError: batchSize: must be at most the 80 rows that a fold trains on, got 81/,
  );
});

test("the deviation is a sample's", () => {
  assert.equal(spread([1, 2, 3, 4]), { mean: 2.5, deviation: Math.sqrt(5 / 3) });
  assert.equal(spread([7]), { mean: 7, deviation: 0 });
});

test.run();
