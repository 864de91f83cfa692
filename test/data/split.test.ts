// Splits and folds against scikit-learn, row for row, on toys and on the labels of both releases.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RandomState } from "../../src/data/random-state.ts";
import {
  approximateMode,
  kFold,
  type Split,
  stratifiedKFold,
  trainTestSplit,
} from "../../src/data/split.ts";
import { UsageError } from "../../src/engine/core/errors.ts";
import { fixture, jsonFixture, rejects, rowsSha256 } from "./sample-files.ts";

interface Rows {
  train: number[];
  test: number[];
}
interface Summary {
  n: number;
  first10: number[];
  sha256: string;
}
interface BigSplit {
  train: Summary;
  test: Summary;
}
const splits = jsonFixture<{
  approximateMode: { counts: number[]; draws: number; seed: number; result: number[] }[];
  plain: (Rows & { rows: number; testSize: number; seed: number })[];
  toyLabels: number[];
  toy: (Rows & { testSize: number; seed: number })[];
  big: (BigSplit & { labels: "official" | "kaggle"; seed: number; testCounts: number[] })[];
}>("splits.json");
const folds = jsonFixture<{
  kFold: { rows: number; folds: number; seed: number | null; splits: Rows[] }[];
  kFoldBig: { rows: number; folds: number; seed: number; splits: BigSplit[] }[];
  stratifiedToy: { folds: number; seed: number | null; splits: Rows[] }[];
  stratifiedKaggle: { folds: number; seed: number; splits: BigSplit[] };
}>("folds.json");
const duplicates = jsonFixture<{ pairs: [number, number][]; classCountsAfterDrop: number[] }>(
  "kaggle-duplicates.json",
);

const dropped = new Set(duplicates.pairs.map(([, second]) => second));
const labels = {
  official: Uint8Array.from(fixture("official-train-labels.idx.gz").subarray(8)),
  kaggle: Uint8Array.from(fixture("kaggle-train-labels.u8.gz")).filter(
    (_, row) => !dropped.has(row),
  ),
};
const test = suite("split");
const lists = ({ train, test: held }: Split): Rows => ({ train: [...train], test: [...held] });
const brief = (rows: Uint32Array): Summary => ({
  n: rows.length,
  first10: [...rows.subarray(0, 10)],
  sha256: rowsSha256(rows),
});
const trimmed = ({ n, first10, sha256 }: Summary): Summary => ({ n, first10, sha256 });
const options = (k: number, seed: number | null) =>
  seed === null ? { folds: k, shuffle: false } : { folds: k, seed };

test("approximateMode", () => {
  for (const { counts, draws, seed, result } of splits.approximateMode) {
    assert.equal(approximateMode(counts, draws, new RandomState(seed)), result);
  }
});

test("trainTestSplit without strata", () => {
  for (const { rows, testSize, seed, train, test: held } of splits.plain) {
    assert.equal(lists(trainTestSplit({ rows, testSize, seed })), { train, test: held });
  }
});

test("trainTestSplit stratified, on a toy", () => {
  const stratify = splits.toyLabels;
  for (const { testSize, seed, train, test: held } of splits.toy) {
    const split = trainTestSplit({ rows: stratify.length, testSize, seed, stratify });
    assert.equal(lists(split), { train, test: held });
  }
});

test("trainTestSplit stratified, on the labels of both releases", () => {
  for (const want of splits.big) {
    const stratify = labels[want.labels];
    const split = trainTestSplit({
      rows: stratify.length,
      testSize: 0.05,
      seed: want.seed,
      stratify,
    });
    assert.equal(brief(split.train), trimmed(want.train));
    assert.equal(brief(split.test), trimmed(want.test));
    const counts = new Array<number>(10).fill(0);
    for (const row of split.test) {
      const label = stratify[row] ?? 0;
      counts[label] = (counts[label] ?? 0) + 1;
    }
    assert.equal(counts, want.testCounts);
  }
});

test("kFold", () => {
  for (const want of folds.kFold) {
    assert.equal(kFold(want.rows, options(want.folds, want.seed)).map(lists), want.splits);
  }
  for (const want of folds.kFoldBig) {
    for (const [i, split] of kFold(want.rows, want).entries()) {
      assert.equal(brief(split.train), trimmed((want.splits[i] as BigSplit).train));
      assert.equal(brief(split.test), trimmed((want.splits[i] as BigSplit).test));
    }
  }
});

test("stratifiedKFold", () => {
  for (const want of folds.stratifiedToy) {
    const got = stratifiedKFold(splits.toyLabels, options(want.folds, want.seed));
    assert.equal(got.map(lists), want.splits);
  }
  const want = folds.stratifiedKaggle;
  for (const [i, split] of stratifiedKFold(labels.kaggle, want).entries()) {
    assert.equal(brief(split.train), trimmed((want.splits[i] as BigSplit).train));
    assert.equal(brief(split.test), trimmed((want.splits[i] as BigSplit).test));
  }
});

test("splits that scikit-learn refuses are refused", async () => {
  const split = (rows: number, testSize: number, stratify?: number[]) => () =>
    trainTestSplit({ rows, testSize, seed: 42, stratify });
  const size = "trainTestSplit: testSize must be a share below 1, or fewer than the";
  await rejects(split(10, 0), UsageError, `${size} 10 rows, got 0`);
  await rejects(split(10, -0.1), UsageError, `${size} 10 rows, got -0.1`);
  await rejects(split(10, 1.5), UsageError, `${size} 10 rows, got 1.5`);
  await rejects(split(10, 10), UsageError, `${size} 10 rows, got 10`);
  await rejects(split(10, Number.NaN), UsageError, `${size} 10 rows, got NaN`);
  await rejects(
    split(10, 0.95),
    UsageError,
    "trainTestSplit: no rows would be left to train on, got 10 rows and testSize 0.95",
  );
  await rejects(
    split(5, 2, [0, 0, 1, 1, 7]),
    UsageError,
    "trainTestSplit: every class needs 2 rows or more to be stratified, got 1 of class 7",
  );
  await rejects(
    split(6, 2, [0, 0, 1, 1, 2, 2]),
    UsageError,
    "trainTestSplit: test needs a row for each of the 3 classes, got 2 rows",
  );
  await rejects(
    split(6, 4, [0, 0, 1, 1, 2, 2]),
    UsageError,
    "trainTestSplit: train needs a row for each of the 3 classes, got 2 rows",
  );
  await rejects(
    split(6, 3, [0, 1]),
    UsageError,
    "trainTestSplit: stratify needs one label per row, got 2 labels and 6 rows",
  );
});

test("folds that scikit-learn refuses are refused", async () => {
  await rejects(
    () => kFold(10, { folds: 1, seed: 0 }),
    UsageError,
    "kFold: folds must be a whole number of 2 or more, got 1",
  );
  await rejects(
    () => kFold(10, { folds: 2.5, seed: 0 }),
    UsageError,
    "kFold: folds must be a whole number of 2 or more, got 2.5",
  );
  await rejects(
    () => kFold(4, { folds: 5, seed: 0 }),
    UsageError,
    "kFold: there must be a row for every fold, got 5 folds and 4 rows",
  );
  await rejects(
    () => kFold(10, { folds: 5 }),
    UsageError,
    "kFold: shuffled folds need a seed, got none",
  );
  await rejects(
    () => stratifiedKFold([0, 0, 1, 1, 2, 2], { folds: 3, seed: 0 }),
    UsageError,
    "stratifiedKFold: some class must have a row for each of the 3 folds, got at most 2",
  );
  // Fewer rows than folds in one class only: scikit-learn warns and goes on.
  assert.is(stratifiedKFold([0, 0, 0, 1], { folds: 3, seed: 0 }).length, 3);
});

test.run();
