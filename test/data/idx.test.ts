// IDX files read back, and every broken one refused by name.

import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FASHION_MNIST_CLASSES } from "../../src/data/fashion-mnist-classes.ts";
import { parseIdxLabels } from "../../src/data/idx.ts";
import { readIdxDataset } from "../../src/data/idx-file.ts";
import { FormatError } from "../../src/engine/core/errors.ts";
import {
  fixture,
  idxHeader,
  idxImages,
  idxLabels,
  rejects,
  sameData,
  sampleDataset,
  temporaryFolder,
  writeSample,
} from "./sample-files.ts";

const test = suite("idx");
const sample = sampleDataset(12);
const images = idxImages(sample);
const labels = idxLabels(sample);

/** Reads the two contents as files; returns the paths for the messages. */
function files(imageBytes: Uint8Array, labelBytes: Uint8Array) {
  const pair = {
    images: writeSample("images", imageBytes),
    labels: writeSample("labels", labelBytes),
    name: "sample",
    classNames: FASHION_MNIST_CLASSES,
  };
  return { ...pair, read: () => readIdxDataset(pair) };
}

test("plain and gzipped files read alike", async () => {
  sameData(await files(images, labels).read(), sample);
  sameData(await files(gzipSync(images), gzipSync(labels)).read(), sample);
});

test("the official labels", () => {
  const official = parseIdxLabels(fixture("official-train-labels.idx.gz"), "labels", 10);
  assert.is(official.length, 60000);
  assert.equal([...official.subarray(0, 10)], [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]);
});

test("missing and empty files", async () => {
  const missing = join(temporaryFolder(), "none-here");
  const pair = { images: missing, labels: missing, name: "x", classNames: FASHION_MNIST_CLASSES };
  await rejects(() => readIdxDataset(pair), FormatError, `${missing}: no such file`);
  const empty = files(images, new Uint8Array());
  await rejects(empty.read, FormatError, `${empty.labels}: the file is empty`);
});

test("wrong magic", async () => {
  const swapped = files(labels, images);
  await rejects(
    swapped.read,
    FormatError,
    `${swapped.images}: an IDX file of images starts with 0x00000803, got 0x00000801`,
  );
  const text = files(images, Buffer.from("label,pixel1"));
  await rejects(
    text.read,
    FormatError,
    `${text.labels}: an IDX file of labels starts with 0x00000801, got 0x6c616265`,
  );
});

test("truncated files", async () => {
  const cut = files(images.subarray(0, -1), labels);
  const error = await rejects(
    cut.read,
    FormatError,
    `${cut.images}: the header promises 9408 bytes of data, got 9407`,
  );
  assert.match((error as FormatError).help ?? "", "cut short");
  const header = files(images.subarray(0, 10), labels);
  await rejects(header.read, FormatError, `${header.images}: the header takes 16 bytes, got 10`);
  const gzip = files(gzipSync(images).subarray(0, 500), labels);
  await rejects(
    gzip.read,
    FormatError,
    `${gzip.images}: the gzip data does not unpack, got "unexpected end of file"`,
  );
});

test("trailing bytes", async () => {
  const long = files(images, Buffer.concat([labels, Buffer.from([1, 2])]));
  await rejects(
    long.read,
    FormatError,
    `${long.labels}: the header promises 12 bytes of data, got 2 more than that`,
  );
});

test("counts that differ, and none", async () => {
  const fewer = files(images, idxLabels(sampleDataset(11)));
  await rejects(
    fewer.read,
    FormatError,
    `${fewer.labels}: must hold a label for each of the 12 images, got 11`,
  );
  const none = files(idxHeader(0x803, [0, 28, 28]), idxHeader(0x801, [0]));
  await rejects(
    none.read,
    FormatError,
    `${none.images}: the file must hold a row or more, got none`,
  );
});

test("labels outside 0 to 9", async () => {
  const wrong = files(images, idxLabels({ ...sample, labels: sample.labels.with(3, 10) }));
  await rejects(
    wrong.read,
    FormatError,
    `${wrong.labels}: labels must be 0 to 9, got 10 in row 3 (rows from 0)`,
  );
});

test("a small packed file does not unpack into more than its header promises", async () => {
  const much = Buffer.concat([idxHeader(0x803, [12, 28, 28]), Buffer.alloc(64 << 20)]);
  const { images: path, read } = files(gzipSync(much), labels);
  const rule = `${path}: unpacks into more than its header promises, or than 1 GiB`;
  await rejects(read, FormatError, rule);
  // A header that promises much is not believed beyond a limit, and what is not there is not made room for.
  const claims = Buffer.concat([idxHeader(0x803, [4_000_000, 28, 28]), Buffer.alloc(4 << 20)]);
  const claimed = files(gzipSync(claims), labels);
  await rejects(
    claimed.read,
    FormatError,
    `${claimed.images}: the header promises 3136000000 bytes of data, got 4194304`,
  );
});

test("what is no regular file, and what a server or Git sent in place of one", async () => {
  const folder = temporaryFolder();
  const pair = { ...files(images, labels), images: folder };
  await rejects(
    () => readIdxDataset(pair),
    FormatError,
    `${folder}: must be a regular file, got something else`,
  );
  const device = { ...pair, images: "/dev/zero" };
  await rejects(
    () => readIdxDataset(device),
    FormatError,
    "/dev/zero: must be a regular file, got something else",
  );
  const page = files(Buffer.from("<!DOCTYPE html><html>Not found</html>"), labels);
  await rejects(
    page.read,
    FormatError,
    `${page.images}: must be an IDX file of images, got a web page`,
  );
});

test.run();
