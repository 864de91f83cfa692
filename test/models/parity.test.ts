// VGG19 and ResNet152V2 against what real Keras computed with the same seeded weights (test/keras/make-parity.py): every
// block, the winning classes, and gradients of a fine-tuning step. And that the comparison sees a difference.

import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { agrees, differenceOf } from "../../src/models/parity/compare.ts";
import { isParity, measureParity, type Parity } from "../../src/models/parity/measure.ts";
import { type Expected, readRecorded } from "../../src/models/parity/recorded.ts";
import {
  seededImages,
  seededLabels,
  seededPlaces,
  seededWeight,
} from "../../src/models/parity/seeded.ts";
import { parityLines } from "../../src/report/parity-table.ts";
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
    assert.ok(parity.layers.length >= (model === "vgg19" ? 5 : 54));
  });
}

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

test("the generator is the script's, bit for bit", () => {
  // Printed by test/keras/seeded.py: weight("a_3_conv/kernel", (3, 3, 4, 5)), images(2, 32)[3100:], places, labels.
  const f32 = (values: readonly number[]) => [...Float32Array.from(values)];
  assert.equal(
    [...seededWeight("a_3_conv/kernel", [3, 3, 4, 5]).subarray(0, 4)],
    f32([0.009088283404707909, 0.06325634568929672, 0.07615575194358826, 0.04545944184064865]),
  );
  assert.equal(
    [...seededImages(2, 32).subarray(3100, 3104)],
    f32([-0.7273104190826416, 1.0352654457092285, -1.181694746017456, -0.40736323595046997]),
  );
  assert.equal(seededPlaces("x", 4, 1000), [583, 413, 373, 624]);
  assert.equal([...seededLabels(6, 10)], [7, 9, 4, 0, 3, 7]);
});

test.run();
