// What is wrong with a file, told in one line that names the file and the place in it.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError } from "../../src/engine/core/errors.ts";
import { assignWeights } from "../../src/keras/weights/assign-weights.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import { fixture, RESNET_LAYERS } from "./h5-fixtures.ts";

const test = suite("bad weight files");
let folder = "";
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-bad-"));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

async function refusal(path: string): Promise<string> {
  try {
    const file = await openWeightFile(path);
    try {
      for (const _ of assignWeights(file, RESNET_LAYERS));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    assert.ok(error.message.startsWith(`${path}: `), error.message);
    return error.message.slice(path.length + 2);
  }
  throw new Error(`${path}: was accepted`);
}

const KERNEL = "/conv1_conv/conv1_conv/kernel:0";
const NAMES = "/@layer_names";

const CASES: Readonly<Record<string, string | RegExp>> = {
  "shape-contiguous": /kernel:0: must (fit in the file|be sound HDF5)/,
  "shape-chunked": `${KERNEL}: must fit in the file, got shape (1048576, 1048576) of 4398046511104 bytes in a file of 18976`,
  chunk: `${KERNEL}: must fit in the file, got chunks (32768, 16384) of 2147483648 bytes in a file of 18976`,
  "nine-axes": `${KERNEL}: must have at most 8 axes, got 9`,
  integers: `${KERNEL}: must hold floats, got int32`,
  texts: `layer #0 (conv1_conv in the model, conv1_conv in the file): weight conv1_conv/kernel must be (3, 3, 3, 4), got (1,)`,
  "no-data": `${KERNEL}: must hold data, got none`,
  filter: `${KERNEL}: must be plain or deflated, got HDF5 filter 32000`,
  group: `${KERNEL}: must be a dataset, got a group`,
  "missing-weight": `${KERNEL}: must be there, and is missing`,
  "missing-layer": "/conv1_conv: must be there, and is missing",
  "missing-names": "/conv1_conv@weight_names: must be there, and is missing",
  "soft-link": `${KERNEL}: must be a dataset, got a link to elsewhere`,
  "external-link": `${KERNEL}: must be a dataset, got a link to elsewhere`,
  "external-data": /kernel:0: must be sound HDF5/,
  virtual: `${KERNEL}: must hold its data, got a virtual data set`,
  cycle: /must be sound HDF5, got "groups within groups, 64 deep"/,
  nan: "weight conv1_conv/kernel: must be finite, got NaN at (1, 2, 0, 3)",
  infinity: "weight conv1_conv/kernel: must be finite, got -Infinity at (1, 2, 0, 3)",
  "names-one-text": `${NAMES}: must be a list of texts, got a single text`,
  "names-numbers": `${NAMES}: must be a list of texts, got a number or a record`,
  "names-twice": `${NAMES}: must name each layer once, got conv1_conv twice`,
  "names-latin": `${NAMES}: must be a list of texts, got bytes that are no UTF-8`,
  "names-huge": `${NAMES}: must be a list of texts, got 140000 bytes`,
  "version-list": "/@keras_version: must be a text, got a list of 2",
  config: 'model_config: must be JSON, got "{"',
  nothing: "must hold Keras weights, got nothing",
  other: "must hold Keras weights, got /measurements",
  "keras3-gap.weights": "/layers/dense/vars/1: must be there, and is missing",
};

test("every damaged fixture has its line", async () => {
  const files = readdirSync(fixture("bad")).map((name) => name.replace(/\.h5$/, ""));
  assert.equal(files.toSorted(), Object.keys(CASES).toSorted());
  for (const [name, expected] of Object.entries(CASES)) {
    const message = await refusal(fixture(`bad/${name}.h5`));
    if (typeof expected === "string") assert.is(message, expected, name);
    else assert.match(message, expected, `${name}: ${message}`);
  }
});

async function refusalOfBytes(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return refusal(path);
}

test("what is no HDF5 file is told by how it begins", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", "must be an HDF5 file, got an empty file"],
    ["<!DOCTYPE html><html>", 'must be an HDF5 file, got one that begins with "<!DOCTYPE html><"'],
    [
      "version https://git-lfs",
      'must be an HDF5 file, got one that begins with "version https://"',
    ],
  ];
  for (const [text, expected] of cases) assert.is(await refusalOfBytes("x.h5", text), expected);
  const path = join(folder, "folder.h5");
  mkdirSync(path);
  assert.is(await refusal(path), "must be an HDF5 file, got no regular file");
});

test("a file that was not copied whole says how much of it is there", async () => {
  const whole = readFileSync(fixture("keras2-weights.h5"));
  const message = await refusalOfBytes("half.h5", whole.subarray(0, 9000));
  assert.is(message, "must be complete, got 9000 of 18976 bytes");
});

test("a damaged archive is refused, and leaves no temporary file", async () => {
  const whole = readFileSync(fixture("keras3-model.keras"));
  // Of its own: other tests read archives meanwhile.
  const own = join(folder, "temporary");
  mkdirSync(own);
  const { TMPDIR } = process.env;
  process.env["TMPDIR"] = own;
  const flipped = Buffer.from(whole);
  const middle = Math.floor(flipped.length / 2);
  flipped[middle] = (flipped[middle] ?? 0) ^ 1;
  assert.match(
    await refusalOfBytes("flip.keras", flipped),
    /^model\.weights\.h5: must be a sound zip file, got a wrong checksum$/,
  );
  assert.match(
    await refusalOfBytes("half.keras", whole.subarray(0, middle)),
    /^must be a sound zip file, got /,
  );
  const renamed = Buffer.from(
    whole.toString("latin1").replaceAll("config.json", "konfig.json"),
    "latin1",
  );
  assert.match(
    await refusalOfBytes("other.keras", renamed),
    /^must hold config\.json, got metadata\.json, konfig\.json, model\.weights\.h5/,
  );
  if (TMPDIR === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = TMPDIR;
  assert.equal(readdirSync(own), []);
});

test.run();
