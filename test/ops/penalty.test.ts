// The penalty of a weight: the fixture, float64 sums over awkward sizes, its gradient, and the same bits twice.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { type Penalty, weightPenalty } from "../../src/engine/ops/penalty.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { assertClose, f32 } from "../support/close.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("penalty");

const CAPABILITIES = { subgroupSize: null, isSoftware: true };

/** Value and gradient; the room past the weight holds what must not be summed. */
async function penaltyOf(values: Float32Array<ArrayBuffer>, factors: Penalty) {
  const device = await gpu();
  const w = device.tensor([values.length], "w", values);
  const spare = w.storage.bytes / 4 - values.length;
  if (spare > 0) device.write(w, new Float32Array(spare).fill(1e10), values.byteLength);
  const { outputs } = await evaluate((rec) => {
    rec.watch(w);
    const penalty = weightPenalty(rec, w, factors);
    const dw = recordGradients(rec).get(w);
    if (!dw) throw new Error("no gradient");
    return { penalty, dw };
  });
  return outputs;
}

test("the fixture", async () => {
  const path = new URL("../fixtures/losses.json", import.meta.url);
  const { l2 } = JSON.parse(readFileSync(path, "utf8")) as {
    l2: { w: number[]; l2: number; value: number; grad: number[] };
  };
  const { penalty, dw } = await penaltyOf(Float32Array.from(l2.w), { l2: l2.l2 });
  const tolerance = { relative: 1e-6, absolute: 0 };
  const shape = [3];
  assertClose({ label: "value", shape: [], actual: penalty, expected: [l2.value], tolerance });
  assertClose({ label: "gradient", shape, actual: dw, expected: l2.grad, tolerance });
});

for (const length of [1, 2, 5, 255, 1024, 1025, 4099, 70_001, 3_000_002]) {
  test(`${length} weights`, async () => {
    const values = Float32Array.from(randomArray(length, 5));
    const factor = 0.01;
    const { penalty, dw } = await penaltyOf(values, { l2: factor });
    const sum = values.reduce((total, v) => total + v * v, 0);
    // A tree keeps the error of a long sum near that of a short one.
    const tolerance = { relative: 2e-6, absolute: 0 };
    const expected = [factor * sum];
    assertClose({ label: "value", shape: [], actual: penalty, expected, tolerance });
    assertClose({
      label: "gradient",
      shape: [length],
      actual: dw,
      expected: values.map((v) => 2 * factor * v),
      tolerance: f32(1),
    });
    const again = await penaltyOf(values, { l2: factor });
    assert.is(again.penalty[0], penalty[0]);
  });
}

for (const factors of [{ l1: 0.03 }, { l1: 0.03, l2: 0.01 }]) {
  for (const length of [1, 5, 4099, 70_001]) {
    test(`${length} weights, ${JSON.stringify(factors)}`, async () => {
      const values = Float32Array.from(randomArray(length, 6));
      if (length > 1) values[1] = 0;
      const { l1, l2 = 0 } = { l2: 0, ...factors };
      const { penalty, dw } = await penaltyOf(values, factors);
      const expected = [values.reduce((sum, v) => sum + l1 * Math.abs(v) + l2 * v * v, 0)];
      const tolerance = { relative: 2e-6, absolute: 0 };
      assertClose({ label: "value", shape: [], actual: penalty, expected, tolerance });
      assertClose({
        label: "gradient",
        shape: [length],
        actual: dw,
        expected: values.map((v) => l1 * Math.sign(v) + 2 * l2 * v),
        tolerance: f32(3),
      });
    });
  }
}

test("no gradient unless it is asked for, and no dispatch for a value that nobody reads", async () => {
  const device = await gpu();
  const w = device.tensor([8], "w", Float32Array.from(randomArray(8, 1)));
  const { kernels } = await evaluate((rec) => {
    weightPenalty(rec, w, { l2: 0.1 });
    assert.is(recordGradients(rec).size, 0);
    rec.watch(w);
    weightPenalty(rec, w, { l2: 0.1 });
    const dw = recordGradients(rec).get(w);
    if (!dw) throw new Error("no gradient");
    return { dw };
  });
  assert.equal(kernels, ["penalty/backward"]);
});

test("factor is checked", () => {
  const rec = new Recorder({ name: "errors", capabilities: CAPABILITIES });
  const w = rec.allocate([3], "w");
  for (const factor of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => weightPenalty(rec, w, { l2: factor }),
      `l2 is a number from 0, got ${factor}`,
    );
    assert.throws(
      () => weightPenalty(rec, w, { l1: factor }),
      `l1 is a number from 0, got ${factor}`,
    );
  }
});

test.run();
