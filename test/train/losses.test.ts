// Training with other losses than the usual one, from rows in memory: what is told of it, what weights of rows count, and
// what is refused.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  binaryCrossentropy,
  dense,
  type FitOptions,
  fit,
  flatten,
  huber,
  meanSquaredError,
  reshape,
  sequential,
  type TensorData,
  tensorData,
} from "../../src/vitrine.ts";
import { assertClose } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("training with losses");

const ROWS = 40;
const SHAPE = [2, 3, 1];
const x = Float32Array.from(randomArray(6 * ROWS, 1), (v) => (v + 1) / 2);
const sums = Float32Array.from({ length: ROWS }, (_, n) =>
  x.subarray(6 * n, 6 * n + 6).reduce((a, b) => a + b),
);
const OPTIONS = { learningRate: 0.02, batchSize: 16, epochs: 4, seed: 1 };

function chain(units: number, activation: "sigmoid" | "softmax" | "linear") {
  return sequential(`chain ${units}`, SHAPE, [flatten(), dense({ units, activation })]);
}

async function trained(
  model: ReturnType<typeof chain>,
  train: TensorData,
  options: Partial<FitOptions>,
) {
  return await fit(await gpu(), model, { ...OPTIONS, ...options, train });
}

test("one unit and a binary cross-entropy: accuracy of 0 and 1, and predictions of one number", async () => {
  const y = Array.from(sums, (sum) => (sum > 3 ? 1 : 0));
  const data = tensorData({ x, y, shape: SHAPE });
  using run = await trained(chain(1, "sigmoid"), data, {
    ...{ loss: binaryCrossentropy(), validation: data, epochs: 30, learningRate: 0.1 },
  });
  const { accuracy, confusion, loss } = await run.evaluate(data);
  assert.ok(accuracy > 0.8, `${accuracy}`);
  assert.is(confusion.length, 2);
  const predicted = await run.predict(data);
  const losses = predicted.map(([p = 0], n) => -Math.log(y[n] === 1 ? p : 1 - p));
  const expected = [losses.reduce((a, b) => a + b, 0) / ROWS];
  const tolerance = { relative: 1e-5, absolute: 1e-6 };
  assertClose({ label: "loss", shape: [], actual: [loss], expected, tolerance });
  assert.equal(Object.keys(run.history[0] ?? {}), ["loss", "accuracy", "val_loss", "val_accuracy"]);
});

test("rows of numbers: loss and mae of what is predicted, and no accuracy", async () => {
  const y = Float32Array.from({ length: 2 * ROWS }, (_, i) => (sums[i >> 1] ?? 0) * (1 - (i % 2)));
  const data = tensorData({ x, y, targetShape: [2], shape: SHAPE });
  using run = await trained(chain(2, "linear"), data, {
    ...{ loss: huber({ delta: 0.5 }), validation: data },
  });
  const found = await run.evaluate(data);
  const predicted = (await run.predict(data)).flatMap((row) => [...row]);
  const errors = predicted.map((value, i) => Math.abs(value - (y[i] ?? 0)));
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const huberOf = (d: number) => (d <= 0.5 ? (d * d) / 2 : 0.5 * d - 0.125);
  const tolerance = { relative: 1e-5, absolute: 1e-6 };
  const actual = [found.loss, found.mae ?? Number.NaN];
  const expected = [mean(errors.map(huberOf)), mean(errors)];
  assertClose({ label: "figures", shape: [2], actual, expected, tolerance });
  assert.ok(Number.isNaN(found.accuracy));
  assert.equal(found.confusion, []);
  const [first, last] = [run.history[0], run.history.at(-1)];
  assert.equal(Object.keys(first ?? {}), ["loss", "mae", "val_loss", "val_mae"]);
  assert.ok((last?.["loss"] ?? 1) < (first?.["loss"] ?? 0));
});

test("its own input as bytes: what is compared is the input as the first layer has it", async () => {
  const bytes = Uint8Array.from(x, (value) => Math.round(255 * value));
  const data = tensorData({ x: bytes, target: "input", shape: SHAPE });
  const model = sequential("own", SHAPE, [
    ...[flatten(), dense({ units: 6 }), reshape({ targetShape: SHAPE })],
  ]);
  using run = await trained(model, data, { loss: meanSquaredError() });
  const predicted = await run.predict(bytes);
  const squares = predicted.flatMap((row, n) =>
    Array.from(row, (value, k) => (value - (bytes[6 * n + k] ?? 0) / 255) ** 2),
  );
  const expected = [squares.reduce((a, b) => a + b, 0) / squares.length];
  const { loss } = await run.evaluate(data);
  const tolerance = { relative: 1e-5, absolute: 1e-7 };
  assertClose({ label: "loss", shape: [], actual: [loss], expected, tolerance });
});

test("weights of rows count in loss and training, and are divided by the rows; one of 0 is as good as absent", async () => {
  const y = Array.from(sums, (sum) => (sum > 3 ? 1 : 0));
  const sampleWeight = Array.from(sums, (_, n) => (n < 20 ? 2 : 0));
  const model = chain(2, "softmax");
  const whole = { ...OPTIONS, batchSize: ROWS };
  const data = tensorData({ x, y, shape: SHAPE, sampleWeight });
  using weighted = await trained(model, data, whole);
  const half = tensorData({ x: x.subarray(0, 120), y: y.slice(0, 20), shape: SHAPE });
  // 20 rows of weight 2 by 40 rows are 20 rows by 20.
  using plain = await trained(model, half, { ...whole, batchSize: 20 });
  const losses = (history: typeof plain.history) => history.map((logs) => logs["loss"] ?? 0);
  const tolerance = { relative: 1e-5, absolute: 1e-6 };
  const [actual, expected] = [losses(weighted.history), losses(plain.history)];
  assertClose({ label: "losses", shape: [4], actual, expected, tolerance });
  for (const [index, { name, data: values }] of weighted.weights.entries()) {
    const other = plain.weights[index]?.data ?? [];
    assertClose({
      label: name,
      shape: [values.length],
      actual: values,
      expected: other,
      tolerance,
    });
  }
  const [own, other] = [await weighted.evaluate(data), await weighted.evaluate(half)];
  assertClose({ label: "loss", shape: [], actual: [own.loss], expected: [other.loss], tolerance });
});

test("what does not fit is refused", async () => {
  const model = chain(2, "linear");
  const rows = tensorData({ x, y: new Float32Array(ROWS), targetShape: [1], shape: SHAPE });
  const errorOf = async (work: Promise<unknown>) =>
    await work.then(
      () => "",
      (error: Error) => error.message,
    );
  assert.match(
    await errorOf(trained(model, rows, { loss: huber() })),
    "targets of data must be of the model's output (2), got (1)",
  );
  const two = tensorData({ x, y: new Float32Array(2 * ROWS), targetShape: [2], shape: SHAPE });
  assert.match(await errorOf(trained(model, two, {})), "takes a class a row, got rows of numbers");
  const y = new Uint32Array(ROWS);
  const make = (more: object) => () => tensorData({ x, y, shape: SHAPE, ...more });
  assert.throws(make({ sampleWeight: [1] }), "a number a row, got 1 for 40 rows");
  assert.throws(make({ sampleWeight: Array(ROWS).fill(-1) }), "numbers from 0, got -1 for row 0");
  assert.throws(make({ target: "input" }), "must not be there with target input");
  assert.throws(make({ targetShape: [3] }), "40 rows of (3,), 3 values each, got 40 values");
});

test.run();
