// Files of Keras in memory, as a page has them: the same bytes are read as those of the disk are, refused in the same words, and what
// is written is the file that the disk would get.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync, zipSync } from "fflate";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError, VitrineError } from "../../src/engine/core/errors.ts";
import { ZipBytes } from "../../src/io/zip-bytes.ts";
import type { Hdf5Library } from "../../src/keras/hdf5/library.ts";
import { Hdf5Thread } from "../../src/keras/hdf5/thread.ts";
import { kerasArchiveBytes, readKerasBytes } from "../../src/keras/model-bytes.ts";
import { readKerasModel } from "../../src/keras/read-model.ts";
import type { WeightFile } from "../../src/keras/weights/saved-weights.ts";
import { openWeightBytes } from "../../src/keras/weights/weight-bytes.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import { writeKerasArchive } from "../../src/keras/write-model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { FIXTURES, fixture } from "./h5-fixtures.ts";
import { MUTATION_NAMES, mutate, randomStream } from "./mutations.ts";
import { residual, seededWeights } from "./networks.ts";

const test = suite("Keras files in memory");
const COMPILED = fileURLToPath(new URL("../fixtures/compiled/", import.meta.url));
let folder = "";
let library: Hdf5Library;
let thread: Hdf5Thread;
test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-memory-"));
  library = await import("../../src/keras/hdf5/in-memory.mjs");
  thread = new Hdf5Thread();
});
test.after(() => {
  thread.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** All that a file holds, read: plain values to compare. */
async function contents(opening: Promise<WeightFile>) {
  const file = await opening;
  try {
    const { path, format, kerasVersion, modelConfig, layers } = file;
    const compilation = file.compilation();
    return {
      ...{ path, format, kerasVersion, modelConfig },
      layers: layers.map(({ weights, ...layer }) => ({
        ...layer,
        weights: weights.map(({ read, ...weight }) => ({ ...weight, values: bitsOf(read()) })),
      })),
      compiled: compilation && {
        config: compilation.config,
        variables: compilation.variables().map(({ name, shape }) => [name, shape]),
        steps: compilation.variables().length > 0 ? compilation.steps() : null,
      },
    };
  } finally {
    await file.close();
  }
}

/** Also of NaN. */
function bitsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}

function bytesOf(path: string) {
  return { name: path, bytes: new Uint8Array(readFileSync(path)) };
}

async function refusalOf(work: Promise<unknown>): Promise<readonly [string, string | undefined]> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return [error.message, error.help];
  }
  throw new Error("was accepted");
}

test("every fixture is read to the same values", async () => {
  assert.ok(FIXTURES.length > 15);
  for (const name of FIXTURES) {
    const path = fixture(name);
    const ours = await contents(openWeightBytes(bytesOf(path), library));
    assert.ok(ours.layers.flatMap(({ weights }) => weights).length > 0, name);
    assert.equal(ours, await contents(openWeightFile(path, { thread })), name);
  }
});

test("every damaged fixture is refused in the same words", async () => {
  const files = readdirSync(fixture("bad"));
  assert.ok(files.length > 25);
  for (const name of files) {
    const path = fixture(`bad/${name}`);
    const own = contents(openWeightBytes(bytesOf(path), library)).then(bare, told);
    assert.equal(await own, await contents(openWeightFile(path, { thread })).then(bare, told));
  }
});

/** What the readers of names and shapes refuse is refused above them, so some of these files are read. */
const bare = ({ layers }: Awaited<ReturnType<typeof contents>>) => layers;

function told(error: unknown): string {
  if (error instanceof FormatError) return error.message;
  throw error;
}

test("how a model was compiled and what its optimiser came to are read alike", async () => {
  for (const name of ["adam-3.12.0.keras", "adam-2.15.0.keras", "amsgrad-2.15.0.h5"]) {
    const path = COMPILED + name;
    const options = { optimizer: true };
    const { model: _ours, ...own } = await readKerasBytes(bytesOf(path), library, options);
    const { model: _theirs, ...disk } = await readKerasModel(path, options);
    assert.ok(own.compiled);
    assert.equal(own, disk, name);
  }
});

test("what is no file of Keras is refused in one line that names it, as on the disk", async () => {
  const whole = readFileSync(fixture("keras2-model.h5"));
  const cases: readonly (readonly [string, Uint8Array | string])[] = [
    ["empty.h5", ""],
    ["page.h5", "<!DOCTYPE html><html>"],
    ["half.h5", whole.subarray(0, 9000)],
    ["net.onnx", "ONNX"],
    ["model.json", '{"modelTopology": {}}'],
    ["net.tflite.h5", "\u0000\u0000\u0000\u0000TFL3"],
  ];
  for (const [name, bytes] of cases) {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const own = await refusalOf(openWeightBytes(bytesOf(path), library));
    assert.match(own[0], /^[^\n]+$/);
    assert.equal(own, await refusalOf(openWeightFile(path, { thread })), name);
  }
  const weights = fixture("keras2-weights.h5");
  const [message] = await refusalOf(readKerasBytes(bytesOf(weights), library));
  assert.is(message, `${weights}: must hold a whole model, got weights alone`);
});

test("a damaged archive is refused", async () => {
  const whole = readFileSync(fixture("keras3-model.keras"));
  const refusal = async (bytes: Uint8Array): Promise<string> =>
    (
      await refusalOf(
        openWeightBytes({ name: "net.keras", bytes: Uint8Array.from(bytes) }, library),
      )
    )[0];
  const flipped = Buffer.from(whole);
  const middle = Math.floor(flipped.length / 2);
  flipped[middle] = (flipped[middle] ?? 0) ^ 1;
  assert.is(
    await refusal(flipped),
    "net.keras: model.weights.h5: must be a sound zip file, got a wrong checksum",
  );
  assert.is(
    await refusal(whole.subarray(0, middle)),
    "net.keras: must be a sound zip file, got no end of its list of entries",
  );
  const latin = whole.toString("latin1");
  const changed = (from: string, to: string) =>
    refusal(Buffer.from(latin.replaceAll(from, to), "latin1"));
  assert.is(
    await changed("config.json", "konfig.json"),
    "net.keras: must hold config.json, got metadata.json, konfig.json, model.weights.h5",
  );
  assert.is(
    await changed("model.weights.h5", "model.weights.h6"),
    "net.keras: must hold model.weights.h5, got metadata.json, config.json, model.weights.h6",
  );
});

test("what unpacks to much more than it is, or stands there twice, is refused", async () => {
  const whole = readFileSync(fixture("keras3-model-deflated.keras"));
  const directory = whole.lastIndexOf("PK\x01\x02", undefined, "latin1");
  const refusal = async (change: (bytes: Buffer) => void): Promise<string> => {
    const bytes = Buffer.from(whole);
    change(bytes);
    const own = Uint8Array.from(bytes);
    return (await refusalOf(openWeightBytes({ name: "net.keras", bytes: own }, library)))[0];
  };
  assert.is(whole.toString("latin1", directory + 46, directory + 62), "model.weights.h5");
  const claim = (size: number) => (bytes: Buffer) => bytes.writeUInt32LE(size, directory + 24);
  assert.match(
    await refusal(claim(2 ** 31)),
    /^net\.keras: model\.weights\.h5: must not unpack to 2147483648 bytes, got \d+ packed ones$/,
  );
  assert.match(await refusal(claim(10)), /model\.weights\.h5: must be a sound zip file/);
  assert.match(
    await refusal((bytes) => bytes.writeUInt16LE(1, directory + 8)),
    /model\.weights\.h5: must be a sound zip file, got an encrypted entry$/,
  );
  const text = new TextEncoder().encode("{}");
  const double = zipSync({ "config.json": text, "konfig.json": text });
  const latin = Buffer.from(double).toString("latin1").replaceAll("konfig", "config");
  const own = Uint8Array.from(Buffer.from(latin, "latin1"));
  assert.is(
    (await refusalOf(openWeightBytes({ name: "net.keras", bytes: own }, library)))[0],
    "net.keras: must hold every entry once, got config.json twice",
  );
});

test("a zip that is damaged anywhere is refused, or unpacks to what its checksums say", () => {
  const whole = readFileSync(fixture("keras3-model-deflated.keras"));
  const names = ["config.json", "metadata.json", "model.weights.h5"];
  const sound = unzipSync(new Uint8Array(whole));
  let [refused, read] = [0, 0];
  for (let round = 0; round < 50 * MUTATION_NAMES.length; round++) {
    const kind = MUTATION_NAMES[round % MUTATION_NAMES.length] ?? "";
    const bytes = new Uint8Array(mutate(whole, kind, randomStream(round)));
    try {
      const zip = new ZipBytes("net.keras", bytes, "");
      for (const name of names) assert.is(differences(zip.unpacked(name), sound[name]), 0);
      read++;
    } catch (error) {
      const isTold = error instanceof FormatError && /^net\.keras: [^\n]+$/.test(error.message);
      assert.ok(isTold, `${kind} #${round}: ${error}`);
      refused++;
    }
  }
  assert.ok(refused > 100 && read > 10, `${refused} refused, ${read} read`);
});

test("what is written is what the disk gets, and is read from there to the bit", async () => {
  const model = exportedModel(residual);
  const weights = seededWeights(residual, 1);
  const path = join(folder, "net.keras");
  for (const generation of [3, 2] as const) {
    const { compiled } = await readKerasModel(`${COMPILED}adam-3.12.0.keras`);
    assert.ok(compiled);
    const settings = {
      ...({ optimizer: "adam", settings: {}, learningRate: 0.25, state: null } as const),
      ...{ loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] },
    };
    const options = { compiled: settings, generation };
    const bytes = kerasArchiveBytes({ name: path, model, weights, ...options }, library);
    const disk = join(folder, `disk-${generation}.keras`);
    await writeKerasArchive(disk, model, weights, options);
    const [own, theirs] = [unzipSync(bytes), unzipSync(new Uint8Array(readFileSync(disk)))];
    assert.equal(Object.keys(own).toSorted(), Object.keys(theirs).toSorted());
    assert.is(differences(own["config.json"], theirs["config.json"]), 0);
    // HDF5 notes the second in which each data set was made.
    const [inner, disks] = [own["model.weights.h5"], theirs["model.weights.h5"]];
    assert.is(inner?.length, disks?.length);
    assert.ok(differences(inner, disks) <= 4 * (weights.size + 2));
    writeFileSync(path, bytes);
    const read = await readKerasModel(path);
    for (const [name, values] of weights) {
      assert.equal(bitsOf(read.weights.get(name) ?? new Float32Array()), bitsOf(values), name);
    }
    assert.is(read.compiled?.learningRate, 0.25);
  }
});

/** Bytes that are not the same; a missing one is not. */
function differences(a: Uint8Array = new Uint8Array(), b: Uint8Array = new Uint8Array()): number {
  const indices = Array.from({ length: Math.max(a.length, b.length, 1) }, (_, index) => index);
  return indices.filter((index) => a[index] === undefined || a[index] !== b[index]).length;
}

test("weights that are not complete are not written", () => {
  const write = (weights: ReadonlyMap<string, Float32Array>) => () =>
    kerasArchiveBytes({ name: "net.keras", model: exportedModel(residual), weights }, library);
  const incomplete = new Map([...seededWeights(residual, 1)].slice(1));
  const isNamed = (error: unknown) =>
    error instanceof VitrineError &&
    /^net\.keras: weights must be complete, got none for conv1\/kernel$/.test(error.message);
  assert.throws(write(incomplete), isNamed);
});

test.run();
