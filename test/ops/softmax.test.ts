// Softmax, on every number of lanes a row: values, gradient, and logits that a naive formula overflows on.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { recordSoftmax } from "../../src/engine/layers/activation-names.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { softmax } from "../../src/engine/ops/softmax.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { assertClose } from "../support/close.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("softmax");

const HARDWARE = { subgroupSize: null, isSoftware: false };

function reference(x: ArrayLike<number>, classes: number): Float64Array {
  const y = Float64Array.from(x);
  for (let start = 0; start < y.length; start += classes) {
    const row = y.subarray(start, start + classes);
    const peak = row.reduce((a, b) => Math.max(a, b));
    const powers = row.map((value) => Math.exp(value - peak));
    const sum = powers.reduce((a, b) => a + b);
    row.set(powers.map((power) => power / sum));
  }
  return y;
}

for (const shape of [
  [1, 1],
  [1, 10],
  [3, 5],
  [50, 10],
  [7, 33],
]) {
  test(`over (${shape})`, () =>
    checkOp({
      label: "softmax",
      inputs: { x: { shape } },
      build: (rec, { x }) => apply(rec, softmax, [x], {}),
      reference: ({ x }) => reference(x, shape[1] ?? 1),
    }));
}

for (const axis of [1, 2, [1, 2], [2, 3], [1, 3], -1]) {
  test(`along ${axis} of an image`, () => {
    const shape = [2, 3, 4, 5];
    const axes = [axis].flat().map((one) => (one + 4) % 4);
    /** Which row an element is in. */
    const rowOf = (index: number) =>
      [60, 20, 5, 1]
        .map((step, at) => (axes.includes(at) ? 0 : Math.floor(index / step) % (shape[at] ?? 1)))
        .join();
    return checkOp({
      label: "softmax",
      inputs: { x: { shape } },
      build: (rec, { x }) => recordSoftmax(rec, x, axis),
      reference: ({ x }) => {
        const sums = new Map<string, number>();
        for (const [i, value] of x.entries()) {
          sums.set(rowOf(i), (sums.get(rowOf(i)) ?? 0) + Math.exp(value));
        }
        return x.map((value, i) => Math.exp(value) / (sums.get(rowOf(i)) ?? 0));
      },
    });
  });
}

for (const shape of [
  [1, 1],
  [3, 5],
  [65, 10],
  [5, 32],
  [3, 33],
  [129, 1000],
] as const) {
  test(`with several lanes a row, as on hardware, over (${shape})`, async () => {
    const device = await gpu();
    const [rows, classes] = shape;
    const x = device.tensor(
      shape,
      "x",
      Float32Array.from(randomArray(rows * classes, 1), (v) => 4 * v),
    );
    const dy = device.tensor(shape, "dy", Float32Array.from(randomArray(rows * classes, 2)));
    const outputs = async (capabilities = HARDWARE) =>
      (
        await evaluate((rec) => {
          rec.watch(x);
          const y = apply(rec, softmax, [x], {});
          const dx = recordGradients(rec, new Map([[y, dy]])).get(x);
          if (!dx) throw new Error("no gradient");
          return { y, dx };
        }, capabilities)
      ).outputs;
    const many = await outputs();
    const one = await outputs({ subgroupSize: null, isSoftware: true });
    const tolerance = { relative: 5e-6, absolute: 1e-8 };
    const expected = reference(new Float32Array(await device.read(x), 0, rows * classes), classes);
    assertClose({ label: "y", shape, actual: many.y, expected, tolerance });
    assertClose({ label: "y, one lane", shape, actual: one.y, expected, tolerance });
    // dx is the product of a probability and a difference of numbers around 1.
    const loose = { relative: 5e-6, absolute: 2e-7 };
    assertClose({ label: "dx", shape, actual: many.dx, expected: one.dx, tolerance: loose });
  });
}

test("the fixture, logits of 100 included", async () => {
  const path = new URL("../fixtures/losses.json", import.meta.url);
  const fixture = JSON.parse(readFileSync(path, "utf8")) as Record<string, number[][]>;
  const [logits = [], probabilities = []] = [fixture["logits"], fixture["softmax"]];
  const device = await gpu();
  const x = device.tensor([4, 3], "x", Float32Array.from(logits.flat()));
  const { outputs } = await evaluate((rec) => ({ y: apply(rec, softmax, [x], {}) }));
  assertClose({
    label: "softmax",
    shape: [4, 3],
    actual: outputs.y,
    expected: probabilities.flat(),
    tolerance: { relative: 1e-6, absolute: 1e-30 },
  });
});

test("takes rank 2", () => {
  const rec = new Recorder({ name: "errors", capabilities: HARDWARE });
  assert.throws(() => apply(rec, softmax, [rec.allocate([2, 3, 4], "x")], {}), "got (2, 3, 4)");
});

test.run();
