// Another data set in Fashion-MNIST's files is called by its own name.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { KNOWN_DATA, recognise } from "../../src/data/known-data.ts";
import { readUserFiles } from "../../src/data/user-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";

const test = suite("known data");

test("known by the checksum of its labels' file, under its own classes; others stay what they were", async () => {
  const folder = smallIdxFolder({ train: 30, test: 10 });
  const data = await readUserFiles(folder, () => undefined);
  assert.is(recognise(data), null);
  const md5Of = (name: string) =>
    createHash("md5")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  const letters = Array.from({ length: 10 }, (_, i) => "ABCDEFGHIJ"[i] ?? "");
  for (const labelsMd5 of [
    { train: md5Of("train-labels-idx1-ubyte"), test: "another" },
    { train: "a part of it", test: md5Of("t10k-labels-idx1-ubyte") },
  ]) {
    const known = [{ name: "letters", title: "letters", labelsMd5, classNames: letters }];
    const found = recognise(data, known);
    assert.is(found?.title, "letters");
    const { train, test } = found?.data ?? data;
    assert.equal([train.name, test.name], ["letters/train", "letters/test"]);
    assert.equal([train.classNames, test.classNames], [letters, letters]);
    assert.is(train.images, data.train.images);
  }
});

test("MNIST's digits are among those known", () => {
  const digits = KNOWN_DATA.find(({ name }) => name === "mnist");
  assert.equal(digits?.classNames, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
});

test.run();
