// Softmax cross-entropy: the fixture, float64 losses and central differences, ties, far logits, the softmax before it.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Device } from "../../src/engine/core/device.ts";
import { activation } from "../../src/engine/ops/activation.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { softmax } from "../../src/engine/ops/softmax.ts";
import {
  type CrossEntropyOptions,
  softmaxCrossEntropy,
} from "../../src/engine/ops/softmax-cross-entropy.ts";
import type { Capabilities } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("softmax-cross-entropy");

const SOFTWARE: Capabilities = { subgroupSize: null, isSoftware: true };
const HARDWARE: Capabilities = { subgroupSize: null, isSoftware: false };

interface Batch {
  readonly shape: readonly [rows: number, classes: number];
  readonly logits: ArrayLike<number>;
  readonly labels: readonly number[];
}

function upload(device: Device, { shape, logits, labels }: Batch) {
  return {
    logits: device.tensor(shape, "logits", Float32Array.from(logits)),
    labels: device.tensor([shape[0]], "labels", Uint32Array.from(labels), "u32"),
  };
}

/** Everything the op computes, the logits watched. */
async function crossEntropy(
  batch: Batch,
  capabilities?: Capabilities,
  options?: CrossEntropyOptions,
) {
  const tensors = upload(await gpu(), batch);
  const { outputs } = await evaluate((rec) => {
    rec.watch(tensors.logits);
    const { isCounted: _, ...results } = softmaxCrossEntropy(
      ...([rec, tensors.logits, tensors.labels, options] as const),
    );
    const dlogits = recordGradients(rec).get(tensors.logits);
    if (!dlogits) throw new Error("no gradient");
    return { ...results, dlogits };
  }, capabilities);
  return outputs;
}

function rowLosses({ shape: [rows, classes], labels }: Batch, logits: Float64Array): number[] {
  return Array.from({ length: rows }, (_, n) => {
    const row = logits.subarray(n * classes, (n + 1) * classes);
    const peak = row.reduce((a, b) => Math.max(a, b));
    const sum = row.reduce((total, z) => total + Math.exp(z - peak), 0);
    return Math.log(sum) - ((row[labels[n] ?? 0] ?? Number.NaN) - peak);
  });
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

function randomBatch(rows: number, classes: number, spread = 4): Batch {
  const logits = Float32Array.from(randomArray(rows * classes, rows), (value) => value * spread);
  const labels = Array.from({ length: rows }, (_, n) => (n * 7 + 3) % classes);
  return { shape: [rows, classes], logits, labels };
}

test("the fixture: losses, mean and gradient within 1e-6", async () => {
  const path = new URL("../fixtures/losses.json", import.meta.url);
  const fixture = JSON.parse(readFileSync(path, "utf8")) as {
    logits: number[][];
    labels: number[];
    ce_from_logits: number[];
    mean: number;
    dlogits_mean: number[][];
  };
  const { logits, labels } = fixture;
  const batch: Batch = { shape: [4, 3], logits: logits.flat(), labels };
  for (const capabilities of [SOFTWARE, HARDWARE]) {
    const { loss, rowLoss, rowHit, predicted, dlogits } = await crossEntropy(batch, capabilities);
    const tolerance = { relative: 1e-6, absolute: 1e-30 };
    const expected = fixture.ce_from_logits;
    assertClose({ label: "rowLoss", shape: [4], actual: rowLoss, expected, tolerance });
    assertClose({ label: "loss", shape: [], actual: loss, expected: [fixture.mean], tolerance });
    assertClose({
      label: "dlogits",
      shape: [4, 3],
      actual: dlogits,
      expected: fixture.dlogits_mean.flat(),
      tolerance,
    });
    assert.equal([...predicted], [0, 0, 0, 1]);
    assert.equal([...rowHit], [1, 0, 0, 1]);
  }
});

for (const [rows, classes] of [
  [1, 1],
  [1, 10],
  [3, 5],
  [9, 2],
  [50, 10],
  [65, 33],
  [5, 1000],
] as const) {
  for (const [name, capabilities] of Object.entries({ SOFTWARE, HARDWARE })) {
    test(`(${rows}, ${classes}) on ${name.toLowerCase()}: float64 and central differences`, async () => {
      const batch = randomBatch(rows, classes);
      const { loss, rowLoss, dlogits, predicted, rowHit } = await crossEntropy(batch, capabilities);
      const logits = Float64Array.from(batch.logits);
      const expected = rowLosses(batch, logits);
      const tolerance = { relative: 2e-6, absolute: 1e-7 };
      assertClose({ label: "rowLoss", shape: [rows], actual: rowLoss, expected, tolerance });
      assertClose({
        label: "loss",
        shape: [],
        actual: loss,
        expected: [mean(expected)],
        tolerance,
      });
      assertClose({
        label: "dlogits",
        shape: batch.shape,
        actual: dlogits,
        expected: centralDifferences(batch, logits),
        tolerance: { relative: 5e-6, absolute: 1e-8 },
      });
      const highest = argmax(batch, logits);
      assert.equal([...predicted], highest);
      assert.equal(
        [...rowHit],
        highest.map((k, n) => (k === batch.labels[n] ? 1 : 0)),
      );
    });
  }
}

test("row weights multiply a row's loss and gradient, and nothing else", async () => {
  const device = await gpu();
  for (const capabilities of [SOFTWARE, HARDWARE]) {
    const batch = randomBatch(50, 10);
    const weights = Float32Array.from({ length: 50 }, (_, n) => (n % 7) / 4);
    const plain = await crossEntropy(batch, capabilities);
    const rowWeights = device.tensor([50], "rowWeights", weights);
    const outputs = await crossEntropy(batch, capabilities, { rowWeights });
    const weightOf = (row: number) => weights[row] ?? Number.NaN;
    const rows = Array.from(plain.rowLoss, (loss, row) => loss * weightOf(row));
    const tolerance = { relative: 1e-6, absolute: 1e-12 };
    const { rowLoss: actual } = outputs;
    assertClose({ label: "rowLoss", shape: [50], actual, expected: rows, tolerance });
    assertClose({
      ...{ label: "loss", shape: [], actual: outputs.loss, expected: [mean(rows)] },
      tolerance: { relative: 2e-6, absolute: 1e-7 },
    });
    const gradients = Array.from(plain.dlogits, (d, i) => d * weightOf(Math.floor(i / 10)));
    assertClose({
      ...{ label: "dlogits", shape: [50, 10], actual: outputs.dlogits, expected: gradients },
      tolerance,
    });
    assert.equal([...outputs.predicted], [...plain.predicted]);
  }
});

test("a weight for each row, or none", async () => {
  const device = await gpu();
  const { logits, labels } = upload(device, randomBatch(6, 4));
  const rec = new Recorder({ name: "weights", capabilities: device });
  const rowWeights = device.tensor([3], "three", new Float32Array(3));
  assert.throws(
    () => softmaxCrossEntropy(rec, logits, labels, { rowWeights }),
    "softmax-cross-entropy: takes a weight for each of 6 rows, got (3,)",
  );
});

test("1,024 rows of 1,000 classes", async () => {
  const batch = randomBatch(1024, 1000);
  const expected = rowLosses(batch, Float64Array.from(batch.logits));
  const { loss, rowLoss } = await crossEntropy(batch);
  const tolerance = { relative: 2e-6, absolute: 0 };
  assertClose({ label: "rowLoss", shape: [1024], actual: rowLoss, expected, tolerance });
  assertClose({ label: "loss", shape: [], actual: loss, expected: [mean(expected)], tolerance });
});

test("small losses keep their digits", async () => {
  const logits = [3, 5, 8, 10, 15, 18, 40, 80].flatMap((z) => [z, 0, 0]);
  const batch: Batch = { shape: [8, 3], logits, labels: Array(8).fill(0) };
  const { rowLoss } = await crossEntropy(batch);
  const expected = [3, 5, 8, 10, 15, 18, 40, 80].map((z) => Math.log1p(2 * Math.exp(-z)));
  const tolerance = { relative: 2e-5, absolute: 0 };
  assertClose({ label: "rowLoss", shape: [8], actual: rowLoss, expected, tolerance });
});

test("ties go to the lowest class", async () => {
  const rows = [
    [0, 0, 0, 0, 0],
    [1, 2, 2, 1, 2],
    [-3, -4, -3, -4, -3],
    [0, 0, 0, 0, 9],
  ];
  for (const capabilities of [SOFTWARE, HARDWARE]) {
    const labels = [0, 2, 0, 4];
    const batch: Batch = { shape: [4, 5], logits: rows.flat(), labels };
    const { predicted, rowHit } = await crossEntropy(batch, capabilities);
    assert.equal([...predicted], [0, 1, 0, 4]);
    assert.equal([...rowHit], [1, 0, 1, 1]);
  }
});

test("logits of ±1e4 give no NaN, and NaN logits and foreign labels give NaN losses", async () => {
  const logits = [1e4, -1e4, 0, 0, 0, Number.NaN, 0, 0, 1, 2, 3, 4, Number.NaN, 1, 2];
  const labels = [1, 2, 3, 0, 1];
  for (const capabilities of [SOFTWARE, HARDWARE]) {
    const batch: Batch = { shape: [5, 3], logits, labels };
    const { rowLoss, dlogits } = await crossEntropy(batch, capabilities);
    assert.is(rowLoss[0], 2e4);
    assert.equal(Array.from(rowLoss, Number.isNaN), [false, true, true, false, true]);
    assert.equal([...dlogits.subarray(0, 3)], [Math.fround(0.2), -Math.fround(0.2), 0]);
  }
});

test("on top of a softmax it takes the logits, and the softmax is not run", async () => {
  const device = await gpu();
  const batch = randomBatch(6, 4);
  const { logits, labels } = upload(device, batch);
  const { outputs, kernels } = await evaluate((rec) => {
    rec.watch(logits);
    const scores = apply(rec, activation, [logits], { kind: "tanh" });
    const { loss } = softmaxCrossEntropy(rec, apply(rec, softmax, [scores], {}), labels);
    const dx = recordGradients(rec).get(logits);
    if (!dx) throw new Error("no gradient");
    return { loss, dx };
  });
  assert.equal(kernels, [
    "activation/forward",
    "softmax-cross-entropy/forward",
    "softmax-cross-entropy/mean",
    "activation/backward",
  ]);
  const values = Float64Array.from(batch.logits);
  const expected = mean(rowLosses(batch, values.map(Math.tanh)));
  const tolerance = { relative: 2e-6, absolute: 1e-8 };
  assertClose({ label: "loss", shape: [], actual: outputs.loss, expected: [expected], tolerance });
  assertClose({
    label: "dx",
    shape: batch.shape,
    actual: outputs.dx,
    expected: centralDifferences(batch, values, Math.tanh),
    tolerance: { relative: 1e-5, absolute: 1e-7 },
  });
});

test("the mean costs nothing when nobody reads it, nor the gradient when nobody asks", async () => {
  const device = await gpu();
  const { logits, labels } = upload(device, randomBatch(6, 4));
  const { kernels } = await evaluate((rec) => {
    const { rowHit } = softmaxCrossEntropy(rec, logits, labels);
    assert.is(recordGradients(rec).size, 0);
    const [rows] = rec.finish().dispatches;
    assert.equal(rows?.kernel.flags, {
      ...{ HAS_GRADIENT: false, HAS_ROW_WEIGHTS: false, HAS_SMOOTHING: false, IS_MIXED: false },
      COUNTED: false,
    });
    return { rowHit };
  });
  assert.equal(kernels, ["softmax-cross-entropy/forward"]);
});

test("the same bits twice", async () => {
  const batch = randomBatch(50, 10);
  const [first, second] = [await crossEntropy(batch), await crossEntropy(batch)];
  for (const name of ["loss", "rowLoss", "dlogits"] as const) {
    const [actual, expected] = [first[name], second[name]];
    assertClose({ label: name, shape: [actual.length], actual, expected, tolerance: EXACT });
  }
});

test("shapes are checked", () => {
  const rec = new Recorder({ name: "errors", capabilities: SOFTWARE });
  const logits = rec.allocate([4, 3], "logits");
  const check = (labels: ReturnType<typeof rec.allocate>) => () =>
    softmaxCrossEntropy(rec, logits, labels);
  assert.throws(check(rec.allocate([5], "labels", "u32")), "(4, 3) and u32 labels (5,)");
  assert.throws(check(rec.allocate([4, 3], "labels", "u32")), "u32 labels (4, 3)");
  assert.throws(check(rec.allocate([4], "labels")), "f32 labels (4,)");
  assert.throws(
    () => softmaxCrossEntropy(rec, rec.allocate([4], "z"), rec.allocate([4], "labels", "u32")),
    "rank 2",
  );
});

function argmax({ shape: [rows, classes] }: Batch, logits: Float64Array): number[] {
  return Array.from({ length: rows }, (_, n) => {
    const row = logits.subarray(n * classes, (n + 1) * classes);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  });
}

/** d(mean of the row losses)/d(logits), row by row, because a row's loss depends on that row alone. */
function centralDifferences(
  { shape: [rows, classes], labels }: Batch,
  logits: Float64Array,
  before: (z: number) => number = (z) => z,
): Float64Array {
  const step = 1e-4;
  return logits.map((value, i) => {
    const n = Math.floor(i / classes);
    const row = logits.slice(n * classes, (n + 1) * classes);
    const lossAt = (z: number) => {
      row[i % classes] = z;
      const only: Batch = { shape: [1, classes], logits: row, labels: [labels[n] ?? 0] };
      return mean(rowLosses(only, row.map(before)));
    };
    return (lossAt(value + step) - lossAt(value - step)) / (2 * step) / rows;
  });
}

test.run();
