// A folder of pictures as a data set: sizes, classes, parts, the cache, and what is said of broken ones.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { PNG } from "pngjs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cleanData } from "../../src/data/clean.ts";
import type { SourceOptions } from "../../src/data/sources/source.ts";
import { readUserFiles } from "../../src/data/user-files.ts";
import { FormatError } from "../../src/engine/core/errors.ts";
import { rejects, temporaryFolder } from "./sample-files.ts";

const test = suite("data/pictures");

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/pictures/${name}`, import.meta.url));

const read = (path: string, options: SourceOptions = {}) =>
  readUserFiles(path, () => undefined, options);

/** A picture of one colour. */
function png(width: number, height: number, [r, g, b]: readonly [number, number, number]): Buffer {
  const image = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) image.data.set([r, g, b, 255], 4 * i);
  return PNG.sync.write(image);
}

function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const RED = [200, 10, 20] as const;
const WHITE = [255, 255, 255] as const;

test("classes by the folders' names, sorted; RGB where one picture has colour; other sizes are resized", async () => {
  const folder = folderOf({
    "train/dog/2.png": png(6, 4, RED),
    "train/dog/1.png": png(6, 4, WHITE),
    "train/cat/x.webp": fixture("lossless.webp"),
    "train/cat/Thumbs.db": "no picture",
    "train/.DS_Store": "no folder",
    "test/cat/y.jpg": fixture("rgb.jpg"),
    "test/dog/3.png": png(6, 4, RED),
  });
  const { train, test, source, broken } = await read(folder);
  assert.equal(train.classNames, ["cat", "dog"]);
  assert.equal([train.height, train.width, train.channels], [4, 6, 3]);
  assert.equal(
    [[...train.labels], [...test.labels]],
    [
      [0, 1, 1],
      [0, 1],
    ],
  );
  assert.equal([...train.images.subarray(72, 75)], [...WHITE]);
  assert.equal([...train.images.subarray(144, 147)], [...RED]);
  assert.is(source, `5 pictures in ${folder}`);
  assert.is(train.name, `${basename(folder)}/train`);
  assert.equal(broken, []);
  const square = await read(folder, { shape: [3, 3, 1] });
  assert.equal([square.train.height, square.train.width, square.train.channels], [3, 3, 1]);
  // Pillow's luma of the red.
  assert.is(square.train.images.at(-1), (200 * 19595 + 10 * 38470 + 20 * 7471 + 0x8000) >> 16);
});

test("grey where all are grey; a fifth is held back where there is no test", async () => {
  const files = Array.from({ length: 10 }, (_, i) => {
    return [`${i < 5 ? "a" : "b"}/${i}.png`, png(2, 2, [i, i, i])] as const;
  });
  const { train, test, source } = await read(folderOf(Object.fromEntries(files)));
  assert.equal([train.rows, test.rows, train.channels], [8, 2, 1]);
  assert.equal([...test.labels], [0, 1]);
  assert.match(source, /a fifth of the rows held back as test$/);
});

test("val is the test set where there is none, and joins train where there is one", async () => {
  const files = {
    "train/a/1.png": png(2, 2, RED),
    "train/b/1.png": png(2, 2, WHITE),
    "val/a/1.png": png(2, 2, RED),
  };
  const { train, test } = await read(folderOf(files));
  assert.equal([train.rows, test.rows], [2, 1]);
  const all = await read(folderOf({ ...files, "test/b/2.png": png(2, 2, WHITE) }));
  assert.equal([[...all.train.labels], [...all.test.labels]], [[0, 1, 0], [1]]);
  assert.match(all.source, /; val is taken into train$/);
});

test("broken pictures are left out and named; cleaning refuses them, or drops them", async () => {
  const folder = folderOf({
    "a/1.png": png(20, 14, RED),
    "a/cmyk.jpg": fixture("cmyk.jpg"),
    "a/cut.jpg": fixture("rgb.jpg").subarray(0, 500),
    "a/2.png": png(20, 14, RED),
    "b/deep.png": fixture("deep.png"),
    "b/moving.webp": fixture("animated.webp"),
    "b/old.gif": "GIF89a",
    "b/1.png": png(20, 14, WHITE),
    "b/2.png": png(20, 14, WHITE),
  });
  const data = await read(folder);
  assert.is(data.train.rows + data.test.rows, 4);
  assert.equal(
    data.broken?.map(({ file }) => basename(file)),
    ["cmyk.jpg", "cut.jpg", "deep.png", "moving.webp", "old.gif"],
  );
  const rule = "must be a still picture of 8 bits, grey or RGB, got one of CMYK, for print";
  await rejects(
    async () => cleanData(data),
    FormatError,
    `${join(folder, "a", "cmyk.jpg")}: ${rule}, and so 4 more pictures`,
  );
  assert.is(
    cleanData(data, { dropMissing: true, keepDuplicates: true }).train.rows,
    data.train.rows,
  );
});

test("classes without pictures, alone, or new in test", async () => {
  const refused = (path: string, message: string) =>
    rejects(() => read(path), FormatError, message);
  const empty = folderOf({ "a/1.png": png(2, 2, RED), "b/notes.txt": "x" });
  const rule = "a class's folder must hold pictures (PNG, JPEG or WebP), got";
  await refused(empty, `${join(empty, "b")}: ${rule} notes.txt`);
  const alone = folderOf({ "a/1.png": png(2, 2, RED) });
  await refused(alone, `${alone}: must hold a folder for each of two classes or more, got a`);
  const fresh = folderOf({
    "train/a/1.png": png(2, 2, RED),
    "train/b/1.png": png(2, 2, WHITE),
    "test/c/1.png": png(2, 2, WHITE),
  });
  await refused(
    fresh,
    `${join(fresh, "test", "c")}: must be a class that is trained on, got a new one`,
  );
});

test("what was decoded is kept, until a file or the size changes; a damaged file counts as none", async () => {
  const names = Array.from({ length: 300 }, (_, i) => `${"ab"[i % 2]}/${i}.png`);
  const files = names.map((name, i) => [name, png(3, 3, [i % 256, 7, 9])] as const);
  const folder = folderOf(Object.fromEntries(files));
  const cacheDir = join(temporaryFolder(), "pictures");
  let steps = 0;
  const images = async (options: SourceOptions = {}) => {
    steps = 0;
    const { train } = await readUserFiles(folder, () => steps++, { cacheDir, ...options });
    return Buffer.from(train.images).toString("hex");
  };
  const first = await images();
  assert.ok(steps > 0, "decoded, by threads");
  assert.is(await images(), first);
  assert.is(steps, 0);
  const [name = ""] = readdirSync(cacheDir);
  const kept = readFileSync(join(cacheDir, name));
  kept.writeUInt8(kept.readUInt8(kept.length - 1) ^ 1, kept.length - 1);
  writeFileSync(join(cacheDir, name), kept);
  assert.is(await images(), first);
  assert.ok(steps > 0, "decoded again");
  await images({ shape: [2, 2] });
  assert.ok(steps > 0, "another size");
  writeFileSync(join(folder, "a", "0.png"), png(3, 3, [99, 99, 99]));
  assert.is.not(await images(), first);
});

test.run();
