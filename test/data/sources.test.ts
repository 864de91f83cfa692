// Data sets of other shapes and classes: CIFAR's binary files, .npz, IDX of any size, CSVs with a layout of their own; and what is
// said of those that are damaged.

import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { takeRows } from "../../src/data/dataset.ts";
import type { SourceOptions } from "../../src/data/sources/source.ts";
import { readUserFiles } from "../../src/data/user-files.ts";
import { FormatError, UsageError } from "../../src/engine/core/errors.ts";
import { uploadLabels } from "../../src/train/device-data.ts";
import { gpu } from "../support/gpu.ts";
import { cifarRow, npy, writeNpz } from "./array-files.ts";
import { idxHeader, rejects, temporaryFolder } from "./sample-files.ts";

const test = suite("data/sources");

const read = (path: string, options: SourceOptions = {}) =>
  readUserFiles(path, () => undefined, options);
const refused = (path: string, message: string, options: SourceOptions = {}) =>
  rejects(() => read(path, options), FormatError, message);

function write(folder: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

test("CIFAR-10: planes become pixels, batches one set, names are those of batches.meta.txt", async () => {
  const row = (label: number) => cifarRow([label], (i, c) => (i + 7 * c + label) % 256);
  const folder = write(temporaryFolder(), {
    "data_batch_1.bin": Buffer.concat([row(0), row(1)]),
    "data_batch_2.bin": row(2),
    "test_batch.bin": row(1),
    "batches.meta.txt": "airplane\nautomobile\nbird\n\n",
  });
  for (const path of [folder, join(folder, "data_batch_1.bin")]) {
    const { train, test } = await read(path);
    assert.equal([train.rows, train.height, train.width, train.channels], [3, 32, 32, 3]);
    assert.equal([...train.labels, ...test.labels], [0, 1, 2, 1]);
    assert.equal(train.classNames, ["airplane", "automobile", "bird"]);
    assert.is(train.name, `${basename(folder)}/train`);
    for (const [i, c] of [
      [0, 0],
      [33, 1],
      [1023, 2],
    ] as const) {
      assert.is(train.images[2 * 3072 + 3 * i + c], (i + 7 * c + 2) % 256);
    }
  }
});

test("CIFAR-100 counts by the fine label", async () => {
  const folder = write(temporaryFolder(), {
    "train.bin": Buffer.concat([cifarRow([9, 0], () => 1), cifarRow([9, 1], () => 2)]),
    "test.bin": cifarRow([9, 1], () => 3),
  });
  const { train, test } = await read(folder);
  assert.equal([...train.labels, ...test.labels], [0, 1, 1]);
});

test("CIFAR that is cut short, not all there, or pickled", async () => {
  const cut = write(temporaryFolder(), {
    "data_batch_1.bin": new Uint8Array(3072),
    "test_batch.bin": cifarRow([0], () => 0),
  });
  const file = join(cut, "data_batch_1.bin");
  await refused(cut, `${file}: must hold whole rows of 3073 bytes, got 3072 bytes`);
  const half = write(temporaryFolder(), { "data_batch_1.bin": cifarRow([0], () => 0) });
  await refused(half, `${half}: lacks test_batch.bin, got only data_batch_1.bin`);
  const pickled = write(temporaryFolder(), { data_batch_1: "x", test_batch: "x" });
  await refused(pickled, `${pickled}: must hold CIFAR's binary version, got the pickled one`);
});

test(".npz as Keras has it: bytes or whole numbers, with and without an axis of channels", async () => {
  const y = (labels: number[]) =>
    npy("<i8", [labels.length, 1], new Uint8Array(BigInt64Array.from(labels.map(BigInt)).buffer));
  const path = await writeNpz({
    x_train: npy(
      "|u1",
      [2, 2, 3],
      Uint8Array.from({ length: 12 }, (_, i) => 20 * i),
    ),
    y_train: y([0, 1]),
    x_test: npy("<f4", [1, 2, 3], new Uint8Array(Float32Array.from([0, 1, 2, 3, 4, 255]).buffer)),
    y_test: y([1]),
  });
  const { train, test } = await read(path);
  assert.equal([train.rows, train.height, train.width, train.channels], [2, 2, 3, 1]);
  assert.equal([...train.images], [0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220]);
  assert.equal([...test.images], [0, 1, 2, 3, 4, 255]);
  assert.equal([...train.labels, ...test.labels], [0, 1, 1]);
  assert.equal(train.classNames, ["0", "1"]);
  const colour = npy("|u1", [2, 1, 1, 3], new Uint8Array(6));
  const rgb = await writeNpz({
    x_train: colour,
    y_train: y([0, 1]),
    x_test: colour,
    y_test: y([1, 0]),
  });
  assert.is((await read(rgb)).train.channels, 3);
});

test("more than 256 classes have words for labels, also of rows that are picked", async () => {
  const rows = 300;
  const labels = Int32Array.from({ length: rows }, (_, row) => row);
  const x = npy("|u1", [rows, 1, 1], new Uint8Array(rows));
  const y = npy("<i4", [rows], new Uint8Array(labels.buffer));
  const { train } = await read(await writeNpz({ x_train: x, y_train: y, x_test: x, y_test: y }));
  assert.instance(train.labels, Uint32Array);
  assert.equal([...train.labels], [...labels]);
  assert.equal([...takeRows(train, [299, 3]).labels], [299, 3]);
  const device = await gpu();
  const uploaded = uploadLabels(device, train);
  assert.is(uploaded.dtype, "u32");
  assert.equal([...new Uint32Array(await device.read(uploaded))], [...labels]);
});

test(".npz of objects, fractions, gaps, other sizes", async () => {
  const x = npy("|u1", [2, 2, 2], new Uint8Array(8));
  const y = npy("|u1", [2], Uint8Array.of(0, 1));
  const sound = { x_train: x, y_train: y, x_test: x, y_test: y };
  const says = async (change: Readonly<Record<string, Buffer>>, problem: string) => {
    const path = await writeNpz({ ...sound, ...change });
    await refused(path, `${path}: ${problem}`);
  };
  await says(
    { x_train: npy("|O", [2], new Uint8Array(16)) },
    "x_train: must hold numbers, got an array of objects",
  );
  const halves = new Uint8Array(Float32Array.from({ length: 8 }, () => 0.5).buffer);
  await says(
    { x_train: npy("<f4", [2, 2, 2], halves) },
    "x_train: pixels must be whole numbers from 0 to 255, got 0.5",
  );
  await says(
    { y_train: npy("|u1", [2], Uint8Array.of(0, 2)), y_test: npy("|u1", [2], Uint8Array.of(0, 0)) },
    "y_train: labels must be 0 to 2, each of them there, got none of 1",
  );
  await says(
    { y_train: npy("|i1", [2], Uint8Array.of(0, 255)) },
    "y_train: labels must be whole numbers from 0 to 4095, got -1 in row 1 (rows from 0)",
  );
  await says(
    { y_train: npy("|u1", [2, 10], new Uint8Array(20)) },
    "y_train: must hold a label for each of the 2 images, got (2,10)",
  );
  await says({ x_train: x.subarray(0, -1) }, "x_train: the shape takes 8 bytes, got 7");
  const path = await writeNpz({ x_train: x });
  await refused(path, `${path}: must hold y_train.npy, got x_train.npy`);
});

function idxFolder(prefix: string, side: number, labels: readonly number[]): string {
  const files = ["train", "test"].flatMap((part) => {
    const pixels = new Uint8Array(labels.length * side * side).fill(9);
    return [
      [
        `${prefix}${part}-images-idx3-ubyte`,
        Buffer.concat([idxHeader(0x803, [labels.length, side, side]), pixels]),
      ],
      [
        `${prefix}${part}-labels-idx1-ubyte`,
        Buffer.concat([idxHeader(0x801, [labels.length]), Uint8Array.from(labels)]),
      ],
    ] as const;
  });
  return write(temporaryFolder(), Object.fromEntries(files));
}

test("IDX of another size, and EMNIST's letters, which count from 1", async () => {
  const { train } = await read(idxFolder("", 12, [0, 1, 2]));
  assert.equal([train.height, train.width, train.classNames], [12, 12, ["0", "1", "2"]]);
  const letters = idxFolder("emnist-letters-", 28, [1, 2, 2]);
  const plain = (await read(letters)).train;
  assert.equal(
    [[...plain.labels], plain.classNames],
    [
      [0, 1, 1],
      ["1", "2"],
    ],
  );
  assert.is(plain.name, "emnist-letters/train");
  write(letters, { "emnist-letters-mapping.txt": "1 65 97\n2 66 98\n" });
  assert.equal((await read(letters)).train.classNames, ["A", "B"]);
});

test("two sets in a folder are one too many, unless a file says which", async () => {
  const folder = idxFolder("emnist-letters-", 28, [1, 2]);
  for (const part of ["train", "test"]) {
    const body = Buffer.concat([idxHeader(0x803, [1, 28, 28]), new Uint8Array(784)]);
    write(folder, { [`emnist-digits-${part}-images-idx3-ubyte`]: body });
    const label = Buffer.concat([idxHeader(0x801, [1]), Uint8Array.of(0)]);
    write(folder, { [`emnist-digits-${part}-labels-idx1-ubyte`]: label });
  }
  await rejects(
    () => read(folder),
    UsageError,
    `data: must hold one data set, got emnist-digits, emnist-letters in ${folder}`,
  );
  const { train } = await read(join(folder, "emnist-letters-train-images-idx3-ubyte"));
  assert.equal([...train.labels], [0, 1]);
});

test("a CSV with a layout of its own, split where it is alone", async () => {
  const lines = Array.from({ length: 20 }, (_, i) => `${i},${i + 1},${i % 2},${i + 2},${i + 3}`);
  const file = join(temporaryFolder(), "tiles.csv");
  writeFileSync(file, ["a,b,kind,c,d", ...lines].join("\n"));
  const { train, test, source } = await read(file, { labelColumn: "kind", shape: [1, 4] });
  assert.equal([train.rows, test.rows, train.height, train.width], [16, 4, 1, 4]);
  assert.equal(source, `${file}; a fifth of the rows held back as test`);
  for (let row = 0; row < train.rows; row++) {
    const [a = 0, ...rest] = train.images.subarray(4 * row, 4 * row + 4);
    assert.equal([train.labels[row], ...rest], [a % 2, a + 1, a + 2, a + 3]);
  }
  const square = await read(file, { labelColumn: "kind" });
  assert.equal([square.train.height, square.train.width, square.train.channels], [2, 2, 1]);
  await refused(file, `${file}:1: the header must have a column colour, got 5: a, b, kind, c …`, {
    labelColumn: "colour",
  });
  await rejects(
    () => read(file, { labelColumn: "kind", shape: [3, 3] }),
    UsageError,
    `shape: must be of the 4 pixels that a row of ${file} has, got 3x3`,
  );
  writeFileSync(file, "label,p,q\n3,1,2\n");
  await refused(file, `${file}: labels must be 0 to 3, each of them there, got none of 0`, {
    shape: [1, 2],
  });
});

test.run();
