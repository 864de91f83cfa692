// What is odd about rows is said: missing classes, rows in both sets, pictures under two labels, classes smaller than folds.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cleanData } from "../../src/data/clean.ts";
import { type Dataset, takeRows } from "../../src/data/dataset.ts";
import { foldFacts, rowFacts, twoLabelled } from "../../src/data/row-facts.ts";
import { UsageError } from "../../src/engine/core/errors.ts";
import { sampleDataset } from "./sample-files.ts";

const test = suite("row facts");

const train = sampleDataset(40);
const tests = sampleDataset(30, "test");
const all = (dataset: Dataset) => Uint32Array.from({ length: dataset.rows }, (_, row) => row);

function relabelled(dataset: Dataset, label: (row: number) => number): Dataset {
  return { ...dataset, labels: Uint8Array.from({ length: dataset.rows }, (_, row) => label(row)) };
}

test("nothing is said of sound rows", () => {
  const [even, other] = [
    relabelled(train, (row) => row % 10),
    relabelled(tests, (row) => row % 10),
  ];
  assert.equal(rowFacts({ train: even, test: other, rows: all(even) }), []);
});

test("classes that are missing are named; of a sorted file it is said why", () => {
  const sorted = relabelled(train, (row) => Math.floor(row / 4));
  const shuffled = relabelled(train, (row) => (row * 7) % 8);
  const scored = relabelled(tests, (row) => row % 9);
  const first = Uint32Array.from({ length: 8 }, (_, row) => row);
  const [absent, unscored, ...more] = rowFacts({ train: sorted, test: scored, rows: first });
  const names = train.classNames.slice(2).join(", ");
  assert.is(
    absent,
    `no row to train on is of ${names}; the rows are sorted by class, so the first ones are of few; such rows are scored as errors`,
  );
  assert.is(unscored, `no test row is of ${train.classNames[9]}`);
  assert.equal(more, []);
  const [unsorted] = rowFacts({ train: shuffled, test: tests, rows: all(shuffled) });
  assert.match(
    unsorted ?? "",
    /^no row to train on is of \S+.*, .*; such rows are scored as errors$/,
  );
});

test("one class alone is nothing to learn from", () => {
  const sorted = relabelled(train, (row) => Math.floor(row / 4));
  const refused = (error: Error) =>
    error instanceof UsageError &&
    error.argument === "limit" &&
    error.message ===
      `limit: the rows to train on must be of two classes at least, got 3 of ${train.classNames[0]} alone`;
  assert.throws(() => rowFacts({ train: sorted, test: tests, rows: [0, 1, 2] }), refused);
});

test("test rows that are trained on, and pictures under two labels, are counted", () => {
  const shared = takeRows(train, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const facts = rowFacts({ train, test: shared, rows: all(train) });
  assert.ok(
    facts.includes("10 rows of test are also in train, and are scored all the same"),
    facts.join(),
  );
  const doubled = takeRows(train, [0, 1, 2, 0]);
  const contrary = { ...doubled, labels: Uint8Array.of(0, 1, 2, 3) };
  assert.equal([twoLabelled(doubled), twoLabelled(contrary)], [0, 1]);
});

test("classes smaller than the folds", () => {
  const few = relabelled(train, (row) => (row < 3 ? 1 : 0));
  const two = { ...few, classNames: ["many", "few"] };
  assert.equal(foldFacts(two, { folds: 5, rows: 40 }), [
    "few has 3 rows, fewer than the 5 folds: some hold none of it out",
  ]);
  assert.equal(foldFacts(two, { folds: 3, rows: 40 }), []);
});

test("repeated rows are kept where that is asked for", () => {
  const repeated = takeRows(train, [0, 1, 1, 1, 2]);
  const data = { train: repeated, test: tests, source: "small" };
  assert.equal(
    [cleanData(data).train.rows, cleanData(data, { keepDuplicates: true }).train.rows],
    [3, 5],
  );
});

test.run();
