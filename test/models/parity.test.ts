// The networks against what real Keras computed with the same seeded weights (test/keras/make-parity.py): every
// block, the winning classes, and gradients of a fine-tuning step. And that the comparison sees a difference.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  PARITY_MODELS,
  PARITY_SIZES,
  parityRecording,
} from "../../src/cli/inputs/parity-recordings.ts";
import { agrees, differenceOf } from "../../src/models/parity/compare.ts";
import { isParity, measureParity, type Parity } from "../../src/models/parity/measure.ts";
import { type Expected, readRecorded } from "../../src/models/parity/recorded.ts";
import {
  seededImages,
  seededLabels,
  seededPlaces,
  seededWeight,
} from "../../src/models/parity/seeded.ts";
import { parityLines } from "../../src/report/text/parity-table.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("parity");

const recorded = (name: string) =>
  readRecorded(fileURLToPath(new URL(`../fixtures/parity/${name}.safetensors`, import.meta.url)));

const told = (parity: Parity) => parityLines(parity).join("\n");

for (const model of ["vgg19", "resnet152v2"]) {
  test(`${model} at 32×32: blocks, classes and gradients`, async () => {
    const expected = await recorded(`${model}-32`);
    const parity = await measureParity({ device: await gpu(), recorded: expected });
    assert.ok(isParity(parity), told(parity));
    assert.equal(parity.leftOut, []);
    assert.is(parity.layers.length, model === "vgg19" ? 8 : 54);
    assert.is(parity.agreement?.rows, 64);
    assert.ok(parity.gradients.length >= 4 && parity.lossError !== null);
  });

  test(`${model} at 224×224: blocks`, async () => {
    const parity = await measureParity({
      device: await gpu(),
      recorded: await recorded(`${model}-224`),
    });
    assert.ok(isParity(parity), told(parity));
    // Without the classifier only where the adapter has no buffer of 411 MB.
    assert.is(parity.layers.length + parity.leftOut.length, model === "vgg19" ? 8 : 54);
    assert.ok(parity.leftOut.length <= (model === "vgg19" ? 3 : 0));
  });
}

/** Blocks recorded; 16 rows, for what a block does it does for every row. */
const FURTHER = { resnet50: 19, mobilenetv2: 30, densenet121: 65 } as const;

for (const [model, blocks] of Object.entries(FURTHER)) {
  test(`${model} at 32×32: blocks within 2e-5, classes and gradients`, async () => {
    const parity = await measureParity({
      device: await gpu(),
      recorded: await recorded(`${model}-32`),
    });
    assert.ok(isParity(parity), told(parity));
    const largest = Math.max(...parity.layers.map(({ error }) => error));
    assert.ok(largest <= 2e-5, told(parity));
    assert.equal([parity.layers.length, parity.leftOut], [blocks, []]);
    assert.is(parity.agreement?.rows, 16);
    assert.ok(parity.gradients.length >= 6 && parity.lossError !== null);
  });
}

test("the command has a recording of every model that it names, at both sizes", () => {
  const paths = PARITY_MODELS.flatMap((model) =>
    PARITY_SIZES.map((size) => parityRecording(model, size)),
  );
  assert.equal(
    paths.filter((path) => !existsSync(path)),
    [],
  );
});

test("one wrong variable is seen in its block and in those after it", async () => {
  const expected = await recorded("vgg19-32");
  const name = "block4_conv2/kernel";
  const kernel = seededWeight(name, [3, 3, 512, 512]);
  const wrong = kernel.map((value, i) => (i % 512 === 7 ? 1.1 * value : value));
  const parity = await measureParity({
    device: await gpu(),
    recorded: { ...expected, step: null },
    weights: new Map([[name, wrong]]),
  });
  assert.not(isParity(parity));
  const beyond = parity.layers.filter((layer) => !agrees(layer)).map((layer) => layer.name);
  assert.equal(beyond, ["block4_pool", "block5_pool", "fc1", "fc2", "predictions"]);
  assert.match(told(parity), "not all within 1e-4 of Keras");
});

test("differences are parts of the largest magnitude; NaN is one", () => {
  const actual = Float32Array.from([0, 1, -4, 2, 3]);
  const at = seededPlaces("y", 3, 5);
  const expected: Expected = {
    name: "y",
    sample: Float64Array.from(at, (place) => actual[place] ?? 0),
    mean: 0.4,
    spread: Math.sqrt(6 - 0.16),
    largest: 4,
    kerasError: 0,
  };
  const same = differenceOf(expected, actual);
  assert.ok(agrees(same) && same.error === 0 && same.whole < 1e-7, JSON.stringify(same));
  const shifted = differenceOf({ ...expected, mean: 0.5 }, actual);
  assert.ok(Math.abs(shifted.whole - 0.1 / 4) < 1e-6 && !agrees(shifted));
  const sample = expected.sample.map((value, i) => (i === 1 ? value + 0.4 : value));
  assert.ok(Math.abs(differenceOf({ ...expected, sample }, actual).error - 0.1) < 1e-6);
  assert.not(
    agrees(
      differenceOf(
        expected,
        actual.map((_, i) => (i === 1 ? Number.NaN : 1)),
      ),
    ),
  );
});

// sha256 of what test/keras/seeded.py makes: of float32 and uint32, little-endian.
const SEEDED: readonly (readonly [
  what: string,
  made: () => Float32Array | Uint32Array,
  sha256: string,
])[] = [
  [
    "a kernel of VGG",
    () => seededWeight("block2_conv1/kernel", [3, 3, 64, 128]),
    "e798b4b2de1bf242b6d25db4c4beaf3e0a80d2beccf4e2d81ea000e36859692f",
  ],
  [
    "a kernel of an odd number of rows",
    () => seededWeight("block1_conv1/kernel", [3, 3, 3, 64]),
    "313f9d23ed6dff13382efbb920ade3f90f73dba174ee26eab958e1a2cfd00eb1",
  ],
  [
    "a kernel at the end of a residual branch",
    () => seededWeight("conv2_block1_3_conv/kernel", [1, 1, 64, 256]),
    "3a85730ca97b728f3adfb1a045083aa601db3c09cc5f7c524d17d2b1ecf50b52",
  ],
  [
    "a variance",
    () => seededWeight("post_bn/moving_variance", [2048]),
    "4030b070a0eb733343f6c94b61b49da621d4ff45d247bfe9b40a0200831cc6c5",
  ],
  [
    "images",
    () => seededImages(3, 40),
    "aa646d23de2cb84255dfa50472ef56d5a4f7c4aca81101cd27f9d0ba06c9d4c8",
  ],
  [
    "labels",
    () => seededLabels(100, 10),
    "b14b2dd4af5da6673601fc23a7b76e3a4c7cf7121a3f3c0af72f9fa263c3710a",
  ],
];

for (const [what, made, sha256] of SEEDED) {
  test(`${what}: the script's, bit for bit`, () => {
    assert.is(createHash("sha256").update(made()).digest("hex"), sha256);
  });
}

test("places are the script's", () => {
  assert.equal(seededPlaces("x", 4, 1000), [583, 413, 373, 624]);
});

test.run();
