// Rows taken, duplicates dropped as pandas drops them, classes counted.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { classCounts, type Dataset, dropDuplicates, takeRows } from "../../src/data/dataset.ts";
import { UsageError } from "../../src/engine/core/errors.ts";
import { rejects, sampleDataset } from "./sample-files.ts";

const test = suite("dataset");

function tiny(rows: readonly (readonly [label: number, ...pixels: number[]])[]): Dataset {
  return {
    name: "tiny",
    images: Uint8Array.from(rows.flatMap(([, ...pixels]) => pixels)),
    labels: Uint8Array.from(rows, ([label]) => label),
    rows: rows.length,
    height: 1,
    width: 3,
    channels: 1,
    classNames: ["a", "b", "c"],
  };
}

test("takeRows copies in the order given", () => {
  const dataset = tiny([
    [0, 1, 2, 3],
    [1, 4, 5, 6],
    [2, 7, 8, 9],
  ]);
  const taken = takeRows(dataset, [2, 0, 2]);
  assert.equal([...taken.images], [7, 8, 9, 1, 2, 3, 7, 8, 9]);
  assert.equal([...taken.labels], [2, 0, 2]);
  assert.is(taken.rows, 3);
  taken.images[0] = 0;
  assert.is(dataset.images[6], 7);
});

test("takeRows refuses rows that are not there", async () => {
  const dataset = tiny([[0, 1, 2, 3]]);
  await rejects(() => takeRows(dataset, [1]), UsageError, "takeRows: tiny has rows 0 to 0, got 1");
});

test("dropDuplicates keeps the first of rows equal in label and pixels", () => {
  const { kept, dropped } = dropDuplicates(
    tiny([
      [0, 1, 2, 3],
      [1, 1, 2, 3],
      [0, 1, 2, 3],
      [0, 3, 2, 1],
      [1, 1, 2, 3],
      [0, 1, 2, 3],
    ]),
  );
  assert.equal([...kept], [0, 1, 3]);
  assert.equal(dropped, [
    { row: 2, first: 0 },
    { row: 4, first: 1 },
    { row: 5, first: 0 },
  ]);
});

test("dropDuplicates compares pixels where hashes collide", () => {
  // FNV-1a of these two rows is the same 32-bit number.
  const [a, b] = collidingRows();
  const { kept, dropped } = dropDuplicates({ ...tiny([]), ...imagesOf([a, b, a]), width: 8 });
  assert.equal([...kept], [0, 1]);
  assert.equal(dropped, [{ row: 2, first: 0 }]);
});

function imagesOf(rows: readonly Uint8Array[]) {
  const images = new Uint8Array(rows.flatMap((row) => [...row]));
  return { images, labels: new Uint8Array(rows.length), rows: rows.length };
}

/**
 * Two different rows of 8 bytes with one FNV-1a, by the birthday paradox; the hash is written out
 * anew here.
 */
function collidingRows(): [Uint8Array, Uint8Array] {
  const seen = new Map<number, number>();
  for (let n = 0; ; n++) {
    let hash = 0x811c9dc5;
    const row = rowOf(n);
    for (const byte of row) hash = Math.imul(hash ^ byte, 0x01000193);
    const other = seen.get(hash);
    if (other !== undefined) return [rowOf(other), row];
    seen.set(hash, n);
  }
}

// Spread over all 8 bytes, otherwise so simple a hash does not collide.
function rowOf(n: number): Uint8Array {
  const row = new Uint8Array(8);
  const view = new DataView(row.buffer);
  view.setUint32(0, Math.imul(n, 2654435761));
  view.setUint32(4, Math.imul(n ^ 0x5bd1e995, 2246822519));
  return row;
}

test("a data set without duplicates stays whole", () => {
  const { kept, dropped } = dropDuplicates(sampleDataset(50));
  assert.is(kept.length, 50);
  assert.is(dropped.length, 0);
});

test("classCounts", () => {
  assert.equal(classCounts(sampleDataset(23)), [3, 3, 3, 2, 2, 2, 2, 2, 2, 2]);
  assert.equal(classCounts(tiny([[2, 0, 0, 0]])), [0, 0, 1]);
});

test.run();
