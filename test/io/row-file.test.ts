// Rows that grow in a file: complete, interrupted, cut in a row, damaged.

import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RowFile } from "../../src/io/row-file.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { randomArray } from "../support/random.ts";

const test = suite("row-file");
const SHAPE = { rows: 10, elements: 7 };
const VALUES = Float32Array.from(randomArray(70, 1));

async function contents(file: RowFile): Promise<number[]> {
  const values: number[] = [];
  for await (const block of file.read()) values.push(...block);
  return values;
}

async function written(rows: number): Promise<string> {
  const path = join(temporaryFolder(), "deep", "rows.f32");
  const file = await RowFile.open(path, SHAPE);
  assert.is(file.rows, 0);
  await file.append(VALUES.subarray(0, 7 * rows));
  assert.is(file.rows, rows);
  if (rows === SHAPE.rows) await file.finish();
  await file.release();
  return path;
}

test("a complete file is read back, and has its name only then", async () => {
  const path = await written(10);
  assert.not(existsSync(`${path}.part`));
  const again = await RowFile.open(path, SHAPE);
  assert.is(again.rows, 10);
  assert.equal(await contents(again), [...VALUES]);
  await again.finish();
  assert.is(statSync(path).size, 4 * 70 + 32);
});

test("an interrupted file goes on, and ends with the bytes of one that was not", async () => {
  const whole = readFileSync(await written(10));
  const path = await written(4);
  assert.not(existsSync(path));
  // A kill may cut a row in two.
  appendFileSync(`${path}.part`, "half a row");
  const again = await RowFile.open(path, SHAPE);
  assert.is(again.rows, 4);
  assert.equal(await contents(again), [...VALUES.subarray(0, 28)]);
  await again.append(VALUES.subarray(28));
  await again.finish();
  assert.ok(readFileSync(path).equals(whole));
});

test("what a process that is at work has written is left to it", async () => {
  const path = await written(4);
  const theirs = await RowFile.open(path, SHAPE);
  assert.is(theirs.rows, 4);
  const other = await RowFile.open(path, SHAPE);
  assert.is(other.rows, 0);
  await other.append(VALUES);
  await other.finish();
  await other.release();
  assert.equal(readdirSync(dirname(path)).sort(), [
    basename(path),
    `${basename(path)}.part`,
    `${basename(path)}.part.digests`,
  ]);
  await theirs.release();
});

test("rows that were altered after they were written are not gone on from", async () => {
  const path = await written(4);
  const first = await RowFile.open(path, SHAPE);
  await first.append(VALUES.subarray(28, 42));
  await first.release();
  const bytes = readFileSync(`${path}.part`);
  bytes[4 * 30] = (bytes[4 * 30] ?? 0) ^ 1;
  writeFileSync(`${path}.part`, bytes);
  const second = await RowFile.open(path, SHAPE);
  assert.is(second.rows, 4, "the block before is sound");
  await second.append(VALUES.subarray(28));
  await second.finish();
  assert.ok(readFileSync(path).equals(readFileSync(await written(10))));
  const third = await written(4);
  rmSync(`${third}.part.digests`);
  assert.is((await RowFile.open(third, SHAPE)).rows, 0);
});

test("a complete file that is cut, damaged or of another shape counts as none", async () => {
  const damage: ((path: string) => void)[] = [
    (path) => truncateSync(path, 100),
    (path) => {
      const bytes = readFileSync(path);
      bytes[17] = (bytes[17] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    },
  ];
  for (const spoil of damage) {
    const path = await written(10);
    spoil(path);
    assert.is((await RowFile.open(path, SHAPE)).rows, 0);
  }
  const path = await written(10);
  assert.is((await RowFile.open(path, { rows: 9, elements: 7 })).rows, 0);
});

test.run();
