// Cleaning: duplicates dropped as pandas does, rows without all values refused or dropped, rows of both sets kept; and what
// a first look counts.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cleanData, describeDropped } from "../../src/data/clean.ts";
import { writeKaggleCsv } from "../../src/data/csv.ts";
import { type Dataset, sharedRows, takeRows } from "../../src/data/dataset.ts";
import { lookAtData } from "../../src/data/first-look.ts";
import { readUserFiles } from "../../src/data/user-files.ts";
import { FormatError } from "../../src/engine/core/errors.ts";
import {
  fixture,
  jsonFixture,
  rejects,
  sameData,
  sampleDataset,
  temporaryFolder,
} from "./sample-files.ts";

const test = suite("clean");

// 20 rows; rows 4 and 9 repeat row 2, row 15 repeats row 0.
const train = takeRows(
  sampleDataset(20),
  [0, 1, 2, 3, 2, 5, 6, 7, 8, 2, 10, 11, 12, 13, 14, 0, 16, 17, 18, 19],
);
// Row 3 repeats row 1; row 2 is train's row 5, row 4 has its pixels under another label.
const other = sampleDataset(5, "test");
const copied = takeRows(train, [5]);
const parts = withRow(takeRows(other, [0, 1, 2, 1, 4]), 2, copied);
const testSet = withRow(parts, 4, { ...copied, labels: Uint8Array.of(9) });

function withRow(dataset: Dataset, row: number, from: Dataset): Dataset {
  const images = dataset.images.slice();
  images.set(from.images.subarray(0, 784), row * 784);
  const labels = dataset.labels.slice();
  labels[row] = from.labels[0] ?? 0;
  return { ...dataset, images, labels };
}

test("duplicates go within each set, and only there", () => {
  const { cleaning, ...clean } = cleanData({ train, test: testSet, source: "here" });
  assert.equal(cleaning.train.duplicates, [
    { row: 4, first: 2 },
    { row: 9, first: 2 },
    { row: 15, first: 0 },
  ]);
  assert.equal(cleaning.test.duplicates, [{ row: 3, first: 1 }]);
  sameData(
    clean.train,
    takeRows(train, [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14, 16, 17, 18, 19]),
  );
  sameData(clean.test, takeRows(testSet, [0, 1, 2, 4]));
  assert.is(describeDropped(cleaning), "duplicate rows: 3 of train, 1 of test");
  const again = cleanData(clean);
  assert.is(again.train, clean.train);
  assert.is(describeDropped(again.cleaning), "");
});

test("rows of both sets are found by label and pixels", () => {
  assert.equal(sharedRows(testSet, train), [{ row: 2, other: 5 }]);
  assert.equal(sharedRows(train, testSet), [{ row: 5, other: 2 }]);
});

test("Kaggle's labels: the class counts after its 43 duplicates are dropped", () => {
  const kaggle = jsonFixture<{ pairs: [number, number][]; classCountsAfterDrop: number[] }>(
    "kaggle-duplicates.json",
  );
  const labels = new Uint8Array(fixture("kaggle-train-labels.u8.gz"));
  // An image of four bytes that is the row's number, but for the second of each pair.
  const numbers = Uint32Array.from(labels.keys());
  for (const [first, second] of kaggle.pairs) numbers[second] = first;
  const images = new Uint8Array(numbers.buffer);
  const shape = { rows: labels.length, height: 2, width: 2, channels: 1 };
  const rows = { name: "kaggle", images, labels, ...shape, classNames: train.classNames };
  const look = lookAtData({ ...cleanData({ train: rows, test: takeRows(rows, [0]), source: "" }) });
  assert.is(look.train.rows, 59_957);
  assert.equal(look.train.classCounts, kaggle.classCountsAfterDrop);
});

/** CSVs of the two sets; train's lines 6 and 12 lack values. */
async function incompleteFolder(): Promise<string> {
  const folder = temporaryFolder();
  await writeKaggleCsv(testSet, join(folder, "fashion-mnist_test.csv"));
  const file = join(folder, "fashion-mnist_train.csv");
  await writeKaggleCsv(train, file);
  const lines = readFileSync(file, "utf8").split("\n");
  const change = (line: number, edit: (fields: string[]) => string[]) => {
    lines[line - 1] = edit((lines[line - 1] ?? "").split(",")).join(",");
  };
  change(6, (fields) => fields.with(3, "").with(784, "NaN"));
  change(12, (fields) => fields.with(0, "null"));
  writeFileSync(file, lines.join("\n"));
  return folder;
}

test("rows without all values are refused with file and line, or dropped", async () => {
  const folder = await incompleteFolder();
  const data = await readUserFiles(folder, () => undefined);
  const file = join(folder, "fashion-mnist_train.csv");
  assert.equal(data.missing, {
    train: [
      { file, line: 6, columns: ["pixel3", "pixel784"] },
      { file, line: 12, columns: ["label"] },
    ],
    test: [],
  });
  const rule = "a row must have every value, got none for pixel3 and 1 more column";
  await rejects(() => cleanData(data), FormatError, `${file}:6: ${rule}, and so in 1 more row`);
  const clean = cleanData(data, { dropMissing: true });
  // Line 6 was a duplicate too; now it counts as incomplete.
  assert.is(
    describeDropped(clean.cleaning),
    "duplicate rows: 2 of train, 1 of test; incomplete rows: 2 of train",
  );
  sameData(clean.train, takeRows(train, [0, 1, 2, 3, 5, 6, 7, 8, 11, 12, 13, 14, 16, 17, 18, 19]));
});

test("a first look counts what was found, before cleaning", async () => {
  const data = await readUserFiles(await incompleteFolder(), () => undefined);
  const { train: seen, test: seenTest, shared } = lookAtData(data);
  assert.equal([seen.rows, seen.columns, seen.missingValues, seen.missingRows], [20, 785, 3, 2]);
  assert.equal([seen.duplicates, seenTest.duplicates, shared], [2, 1, 1]);
  assert.equal([seen.least, seen.greatest], [0, 255]);
  assert.is(
    seen.classCounts.reduce((sum, count) => sum + count, 0),
    18,
  );
});

test.run();
