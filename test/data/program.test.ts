// Data sets that a program of the person's exports, and what is said of those that are none.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readUserFiles } from "../../src/data/user-files.ts";
import { FormatError, UsageError } from "../../src/engine/core/errors.ts";
import { rejects, temporaryFolder } from "./sample-files.ts";

const test = suite("data/program");

const read = (path: string) => readUserFiles(path, () => undefined);

test("a program exports arrays by name, or one data set as its default, also a promise of one", async () => {
  const folder = temporaryFolder();
  const arrays = "{ x: Uint8Array.of(1, 2, 3, 4, 5, 6), y: [0, 1, 0], shape: [1, 2, 1] }";
  const held = "{ x: Uint8Array.of(7, 8), y: Uint32Array.of(1), shape: [1, 2] }";
  const files = {
    "named.mjs": `export const train = ${arrays}, test = ${held}, classNames = ["a", "b"];`,
    "one.mjs": `export default Promise.resolve({ train: ${arrays}, test: ${held}, classNames: ["a", "b"] });`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  for (const name of ["named", "one"]) {
    const { train, test, source } = await read(join(folder, `${name}.mjs`));
    assert.equal([source, train.name], [join(folder, `${name}.mjs`), `${name}/train`]);
    assert.equal(
      [[...train.images], [...train.labels]],
      [
        [1, 2, 3, 4, 5, 6],
        [0, 1, 0],
      ],
    );
    assert.equal([[...test.images], [...test.labels]], [[7, 8], [1]]);
    assert.equal([train.height, train.width, train.channels], [1, 2, 1]);
    assert.equal(train.classNames, ["a", "b"]);
  }
});

test("the example of a program, whose test rows are a fifth where it exports none", async () => {
  const example = fileURLToPath(new URL("../../examples/data/stripes.ts", import.meta.url));
  const { train, test } = await read(example);
  assert.equal([train.rows, test.rows, train.height], [400, 100, 12]);
  assert.equal(train.classNames, ["horizontal", "vertical"]);
  // A row of horizontal stripes differs from the next but one, and not along itself.
  const light = (row: number, y: number, x: number) =>
    (train.images[144 * row + 12 * y + x] ?? 0) > 127;
  assert.is(light(0, 0, 0), light(0, 0, 5));
  assert.is.not(light(0, 0, 0), light(0, 2, 0));
  const alone = join(temporaryFolder(), "alone.mjs");
  writeFileSync(
    alone,
    "export const train = { x: new Uint8Array(20), y: Array.from({ length: 20 }, (_, i) => i % 2), shape: [1, 1] };",
  );
  const split = await read(alone);
  assert.equal([split.train.rows, split.test.rows], [16, 4]);
});

test("a program that throws, exports none, or what is no data set, is told of", async () => {
  const folder = temporaryFolder();
  const wrong: readonly (readonly [string, string])[] = [
    ["export default 3;", ": must export train, got none"],
    [
      "export default Promise.reject(new TypeError('no net'));",
      ": default must give a data set, got TypeError: no net",
    ],
    [
      "export const train = { x: new Float32Array(2), y: [0], shape: [1, 2] };",
      ": train: x must be a Uint8Array of bytes from 0 to 255, got Float32Array",
    ],
    [
      "export const train = { x: new Uint8Array(2), y: [0], shape: [2, 2] };",
      ": train: x must hold the 1 rows of 2x2x1 that y labels, got 2 values",
    ],
    [
      "export const train = { x: new Uint8Array(8), y: [0], shape: [2, 2, 2] };",
      ": train: shape must be [height, width, channels], 1 or 3 of those, got [2,2,2]",
    ],
    [
      "export const train = { x: new Uint8Array(4), y: ['a'], shape: [2, 2] };",
      ": train: y must hold a class number a row, got Array",
    ],
    [
      "export const train = { x: new Uint8Array(4), y: [0], shape: [2, 2] }, classNames = 'a';",
      ": classNames must be a list of names, got a string",
    ],
  ];
  for (const [index, [text, message]] of wrong.entries()) {
    const file = join(folder, `wrong-${index}.mjs`);
    writeFileSync(file, text);
    await rejects(() => read(file), FormatError, file + message);
  }
  const throws = join(folder, "throws.mjs");
  writeFileSync(throws, 'throw new RangeError("not today");');
  const message = `data: ${throws} must load, got RangeError: not today`;
  await rejects(() => read(throws), UsageError, message);
});

test.run();
