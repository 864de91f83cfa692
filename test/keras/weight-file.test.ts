// Keras's weight files of every generation: recognised, described, and read as h5py reads them.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Hdf5Thread } from "../../src/keras/hdf5/thread.ts";
import type { WeightFile, WeightFormat } from "../../src/keras/weights/saved-weights.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { assertClose } from "../support/close.ts";
import { EXPECTED, FIXTURES, fixture } from "./h5-fixtures.ts";

const test = suite("weight-file");

let thread: Hdf5Thread;
test.before(() => {
  thread = new Hdf5Thread();
});
test.after(() => thread.stop());

async function opened<T>(name: string, work: (file: WeightFile) => T): Promise<T> {
  const file = await openWeightFile(fixture(name), { thread });
  try {
    return work(file);
  } finally {
    await file.close();
  }
}

/** Half precision holds eleven bits, brain floats eight; the sums of all are of float64. */
const SUM = { relative: 1e-6, absolute: 1e-6 };

test("every weight of every file has the shape and the values that h5py reads", async () => {
  let compared = 0;
  for (const name of FIXTURES) {
    await opened(name, ({ layers }) => {
      for (const weight of layers.flatMap((layer) => layer.weights)) {
        // h5py without ml_dtypes takes brain floats for something else.
        const expected = EXPECTED.files[name]?.[weight.path];
        if (!expected && weight.dtype === "bfloat16") continue;
        assert.ok(expected, `${name}: ${weight.path}`);
        const values = weight.read();
        assert.equal(weight.shape, expected.shape, `${name}: ${weight.path}`);
        const actual = [values[0] ?? Number.NaN, values.reduce((sum, value) => sum + value, 0)];
        const { first, sum } = expected;
        const label = `${name}: ${weight.path}`;
        assertClose({ label, shape: [2], actual, expected: [first, sum], tolerance: SUM });
        compared++;
      }
    });
  }
  assert.ok(compared > 150, `only ${compared} weights`);
});

test("recognises the format, and tells the version", async () => {
  const formats: readonly (readonly [string, WeightFormat, string | null])[] = [
    ["keras1-weights.h5", "legacy-weights", null],
    ["keras2-weights-fixed.h5", "legacy-weights", "2.2.4"],
    ["keras2-weights.h5", "legacy-weights", "2.8.0"],
    ["keras2-model.h5", "legacy-model", "2.8.0"],
    ["keras3-model.h5", "legacy-model", EXPECTED.keras],
    ["keras3.weights.h5", "keras3-weights", null],
    ["keras213.weights.h5", "keras3-weights", null],
    ["keras3-model.keras", "keras3-archive", EXPECTED.keras],
    ["keras3-model-deflated.keras", "keras3-archive", EXPECTED.keras],
  ];
  for (const [name, format, version] of formats) {
    const found = await opened(name, (file) => [file.format, file.kerasVersion]);
    assert.equal(found, [format, version], name);
  }
});

test("both storages of strings, and split attributes, give the same layers", async () => {
  const names = (name: string) =>
    opened(name, ({ layers }) =>
      layers.map((layer) => [layer.name, ...layer.weights.map((weight) => weight.name)]),
    );
  const expected = await names("keras2-weights.h5");
  assert.equal(expected[0], ["input_1"]);
  assert.equal(expected[1], ["conv1_conv", "conv1_conv/kernel:0", "conv1_conv/bias:0"]);
  for (const other of ["-fixed", "-chunked-attributes", "-deflated", "-float64", "-big-endian"]) {
    assert.equal(await names(`keras2-weights${other}.h5`), expected, other);
  }
});

test("layers come in the model's order, optimiser and seeds are left out", async () => {
  const names = (name: string) =>
    opened(name, ({ layers }) =>
      layers.filter(({ weights }) => weights.length > 0).map((layer) => layer.name),
    );
  const order = ["conv2d", "batch_normalization", "conv2d_1", "batch_normalization_1"];
  order.push("dense", "dense_1");
  assert.equal(await names("keras3-model.keras"), order);
  assert.equal(await names("keras3-model.h5"), order);
  for (const name of ["keras3.weights.h5", "keras3-unnamed.weights.h5", "keras213.weights.h5"]) {
    assert.equal((await names(name)).toSorted(), order.toSorted(), name);
  }
});

test("a whole model brings its own description", async () => {
  for (const name of ["keras2-model.h5", "keras3-model.h5", "keras3-model.keras"]) {
    const config = await opened(name, (file) => file.modelConfig);
    assert.is((config as { class_name?: string } | null)?.class_name, "Functional", name);
  }
  assert.is(await opened("keras3.weights.h5", (file) => file.modelConfig), null);
});

test("half precision and brain floats become float32 exactly", async () => {
  for (const name of ["keras3-float16.weights.h5", "keras3-bfloat16.weights.h5"]) {
    await opened(name, ({ layers }) => {
      const weights = layers.flatMap((layer) => layer.weights);
      const dtypes = new Set(weights.map(({ dtype }) => dtype));
      assert.ok(dtypes.has(name.includes("bfloat16") ? "bfloat16" : "float16"), name);
      const kernel = weights.find(({ shape }) => shape.length === 4)?.read();
      assert.ok(kernel?.every(Number.isFinite) && kernel.some((value) => Math.abs(value) > 0.1));
    });
  }
});

test("kernels of Theano's convolutions are turned by 180 degrees, and nothing else", async () => {
  const bytes = readFileSync(fixture("keras2-weights-fixed.h5"));
  const at = bytes.indexOf("tensorflow");
  assert.ok(at > 0);
  bytes.write("theano\0\0\0\0", at, "latin1");
  const path = join(temporaryFolder(), "theano.h5");
  writeFileSync(path, bytes);
  const valuesOf = (file: WeightFile) =>
    file.layers.flatMap(({ weights }) =>
      weights.map((weight) => ({ weight, values: weight.read() })),
    );
  const theirs = await opened("keras2-weights-fixed.h5", valuesOf);
  const file = await openWeightFile(path, { thread });
  const turned = valuesOf(file);
  await file.close();
  let kernels = 0;
  for (const [i, { weight, values }] of theirs.entries()) {
    const now = turned[i]?.values ?? [];
    if (weight.shape.length !== 4) assert.equal([...now], [...values], weight.name);
    else {
      kernels++;
      const [kh = 0, kw = 0, channels = 0, filters = 0] = weight.shape;
      const size = channels * filters;
      for (const [index, value] of values.entries()) {
        const [place, rest] = [Math.floor(index / size), index % size];
        assert.is(now[(kh * kw - 1 - place) * size + rest], value, weight.name);
      }
    }
  }
  assert.is(kernels, 1);
});

test.run();
