// NaN, infinities, zeros, denormals and great numbers through the ops that are no products: what plain loops make of them
// comes out, and above all a NaN never comes out as a number. (Products: non-finite-products.test.ts.)

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { activation } from "../../src/engine/ops/activation.ts";
import { add } from "../../src/engine/ops/add.ts";
import { batchNormalization } from "../../src/engine/ops/batch-normalization.ts";
import { dropout } from "../../src/engine/ops/dropout.ts";
import { recordBiasActivationBackward } from "../../src/engine/ops/gemm/bias-activation.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { logSoftmax } from "../../src/engine/ops/log-softmax.ts";
import { weightPenalty } from "../../src/engine/ops/penalty.ts";
import { softmax } from "../../src/engine/ops/softmax.ts";
import { softmaxCrossEntropy } from "../../src/engine/ops/softmax-cross-entropy.ts";
import { zeroPadding } from "../../src/engine/ops/zero-padding.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import {
  ACTIVATE,
  assertSame,
  NEGATIVE_NAN,
  plain,
  runCase,
  SPECIALS,
} from "../support/non-finite.ts";

const test = suite("non-finite");

const INF = Number.POSITIVE_INFINITY;
const VALUES = [...SPECIALS, NEGATIVE_NAN, -2, 0.75];
const MEAN = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

const SLOPES = {
  linear: () => 1,
  relu: (y: number) => (Number.isNaN(y) ? y : y > 0 ? 1 : 0),
  tanh: (y: number) => 1 - y * y,
  sigmoid: (y: number) => y * (1 - y),
};

/** dy through relu's gate: what is shut keeps everything back, a NaN too, as in Keras. */
const through = (kind: keyof typeof SLOPES, y: number, dy: number) => {
  const slope = SLOPES[kind](y);
  return kind === "relu" && slope === 0 ? 0 : dy * slope;
};

for (const kind of ["relu", "tanh", "sigmoid"] as const) {
  test(`${kind}, forward and backward`, async () => {
    for (const dy of [1, -0.5, Number.NaN]) {
      const { y, dx } = await runCase({
        inputs: { x: { shape: [VALUES.length], data: VALUES } },
        build: (rec, { x }) => apply(rec, activation, [x], { kind }),
        dy: VALUES.map(() => dy),
      });
      assertSame("y", y, VALUES.map(ACTIVATE[kind]));
      // A denormal that is flushed shuts relu's gate.
      const isDenormal = (x: number) => Math.abs(x) === 1e-40;
      const expected = VALUES.map((x, i) =>
        kind === "relu" && isDenormal(x) ? (dx?.[i] ?? 0) : through(kind, ACTIVATE[kind](x), dy),
      );
      assertSame("dx", dx, expected);
    }
  });
}

for (const kind of ["linear", "relu", "tanh", "sigmoid"] as const) {
  test(`bias and ${kind}, backward`, async () => {
    const device = await gpu();
    const shape = [3, VALUES.length];
    const results = VALUES.map(ACTIVATE[kind]).map((y) => (Math.abs(y) < 1e-30 ? 0 : y));
    // Rows: special y, special dy, neither.
    const y = Float32Array.from([...results, ...VALUES.map(() => 0.5), ...VALUES.map(() => 0.25)]);
    const dy = Float32Array.from([...VALUES.map(() => 2), ...VALUES, ...VALUES.map(() => 1)]);
    const [tensorY, tensorDy] = [device.tensor(shape, "y", y), device.tensor(shape, "dy", dy)];
    const { outputs } = await evaluate((rec) => {
      const problem = { dy: tensorDy, y: tensorY, activation: kind, hasBias: true };
      const { dz, db } = recordBiasActivationBackward(rec, problem);
      assert.ok(db);
      return { dz, ...(db && { db }) };
    });
    const expected = Float64Array.from(dy, (value, i) => through(kind, y[i] ?? 0, value));
    if (kind !== "linear") assertSame("dz", outputs.dz, expected);
    const sums = VALUES.map((_, c) =>
      [0, 1, 2].reduce((sum, row) => sum + (expected[row * VALUES.length + c] ?? 0), 0),
    );
    assertSame("db", outputs.db, sums);
  });
}

test("addition", async () => {
  const pairs = VALUES.flatMap((a) => VALUES.map((b) => [a, b] as const));
  const shape = [pairs.length];
  const { y } = await runCase({
    inputs: {
      a: { shape, data: pairs.map(([a]) => a) },
      b: { shape, data: pairs.map(([, b]) => b) },
    },
    build: (rec, { a, b }) => apply(rec, add, [a, b], {}),
  });
  assertSame(
    "y",
    y,
    pairs.map(([a, b]) => a + b),
  );
});

test("zero padding and its crop", async () => {
  const n = VALUES.length;
  const { y = [], dx } = await runCase({
    inputs: { x: { shape: [1, 1, n, 1], data: VALUES } },
    build: (rec, { x }) =>
      apply(rec, zeroPadding, [x], {
        padding: [
          [0, 0],
          [1, 2],
        ],
      }),
    dy: [1, ...VALUES.toReversed(), 1, 1],
  });
  assertSame("y", y, [0, ...VALUES, 0, 0]);
  assertSame("dx", dx, VALUES.toReversed());
});

test("dropout passes what it keeps, and what it drops is zero", async () => {
  const device = await gpu();
  const length = 32 * VALUES.length;
  const data = Float32Array.from({ length }, (_, i) => VALUES[i % VALUES.length] ?? 0);
  const x = device.tensor([length], "x", data);
  const ones = device.tensor(
    [length],
    "ones",
    data.map(() => 1),
  );
  const clock = device.tensor([2], "clock", Uint32Array.of(3, 0), "u32");
  const attrs = { rate: 0.5, stream: 1, seed: 2 };
  const { outputs } = await evaluate((rec) => ({
    y: apply(rec, dropout, [x, clock], attrs),
    kept: apply(rec, dropout, [ones, clock], attrs),
  }));
  assertSame(
    "y",
    outputs.y as Float32Array,
    data.map((value, i) => (outputs.kept[i] ? 2 * value : 0)),
  );
});

for (const relu of [false, true]) {
  test(`batch normalisation${relu ? " and relu" : ""}`, async () => {
    const device = await gpu();
    // Squares of ±1e38 are infinite in float32 and not in the loops.
    const values = VALUES.map((v) => (Math.abs(v) === 1e38 ? Math.sign(v) * 1e17 : v));
    const c = values.length;
    const rows = 5;
    for (const training of [true, false]) {
      for (const row of [0, 3]) {
        const x = plain([rows, c]);
        for (const [channel, value] of values.entries()) x[row * c + channel] = value;
        const moving = {
          mean: device.tensor([c], "mean", new Float32Array(c).fill(0.5)),
          variance: device.tensor([c], "variance", new Float32Array(c).fill(4)),
        };
        const { y } = await runCase({
          inputs: { x: { shape: [rows, c], data: x } },
          build: (rec, inputs) =>
            apply(rec, batchNormalization, [inputs.x], {
              training,
              moving,
              relu,
              scale: false,
              center: false,
            }),
        });
        const expected = Float64Array.from(x, (value, i) => {
          const column = Array.from({ length: rows }, (_, r) => x[r * c + (i % c)] ?? 0);
          const mean = training ? MEAN(column) : 0.5;
          const variance = training ? MEAN(column.map((v) => (v - mean) ** 2)) : 4;
          const z = (value - mean) / Math.sqrt(variance + 1e-3);
          return relu ? ACTIVATE.relu(z) : z;
        });
        assertSame(`training ${training}, row ${row}`, y, expected);
      }
    }
  });
}

test("a NaN gradient of batch normalisation stays in its channel", async () => {
  const device = await gpu();
  const moving = { mean: device.tensor([4], "mean"), variance: device.tensor([4], "variance") };
  const {
    dx = [],
    dgamma,
    dbeta,
  } = await runCase({
    inputs: {
      x: { shape: [3, 4], data: plain([3, 4]) },
      gamma: { shape: [4], data: [1, 1, 1, 1] },
      beta: { shape: [4], data: [0, 0, 0, 0] },
    },
    build: (rec, { x, gamma, beta }) =>
      apply(rec, batchNormalization, [x, gamma, beta], { training: true, moving }),
    dy: [1, 2, 3, 4, 5, Number.NaN, 7, 8, 1, 2, 4, 3],
  });
  const isNaNs = (values: Iterable<number> = []) => [...values].map(Number.isNaN);
  assert.equal(
    isNaNs(dx),
    Array.from({ length: 12 }, (_, i) => i % 4 === 1),
  );
  assert.equal(
    [isNaNs(dgamma), isNaNs(dbeta)],
    [
      [false, true, false, false],
      [false, true, false, false],
    ],
  );
});

const ROWS = [
  ...VALUES.map((value) => [0.5, value, -1, 2]),
  [-INF, -INF, -INF, -INF],
  [Number.NaN, -INF, -INF, -INF],
];

function softmaxOf(row: readonly number[]): number[] {
  const powers = row.map((value) => Math.exp(value - Math.max(...row)));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

test("softmax", async () => {
  for (const isSoftware of [true, false]) {
    const { y } = await runCase({
      inputs: { x: { shape: [ROWS.length, 4], data: ROWS.flat() } },
      build: (rec, { x }) => apply(rec, softmax, [x], {}),
      isSoftware,
    });
    assertSame("y", y, ROWS.flatMap(softmaxOf));
  }
});

function logSoftmaxOf(row: readonly number[]): number[] {
  const peak = Math.max(...row);
  const log = Math.log(row.reduce((total, value) => total + Math.exp(value - peak), 0));
  return row.map((value) => value - peak - log);
}

test("log-softmax", async () => {
  for (const isSoftware of [true, false]) {
    const { y } = await runCase({
      inputs: { x: { shape: [ROWS.length, 4], data: ROWS.flat() } },
      build: (rec, { x }) => apply(rec, logSoftmax, [x], {}),
      isSoftware,
    });
    assertSame("y", y, ROWS.flatMap(logSoftmaxOf));
  }
});

test("softmax cross-entropy", async () => {
  const device = await gpu();
  const { subgroupSize } = device;
  for (const isSoftware of [true, false]) {
    for (const label of [0, 1, 3]) {
      const shape = [ROWS.length, 4];
      const logits = device.tensor(shape, "logits", Float32Array.from(ROWS.flat()));
      const labels = device.tensor(
        [ROWS.length],
        "labels",
        new Uint32Array(ROWS.length).fill(label),
        "u32",
      );
      const { outputs } = await evaluate(
        (rec) => {
          rec.watch(logits);
          const { loss, rowLoss } = softmaxCrossEntropy(rec, logits, labels);
          const dlogits = recordGradients(rec).get(logits);
          assert.ok(dlogits);
          return { loss, rowLoss, ...(dlogits && { dlogits }) };
        },
        { subgroupSize, isSoftware },
      );
      const losses = ROWS.map((row) => {
        const most = Math.max(...row);
        const sum = row.reduce((total, value) => total + Math.exp(value - most), 0);
        return Math.log(sum) - ((row[label] ?? 0) - most);
      });
      assertSame(`label ${label}: rowLoss`, outputs.rowLoss, losses);
      assert.ok(Number.isNaN(outputs.loss[0]));
      const slopes = ROWS.flatMap((row) =>
        softmaxOf(row).map((p, k) => (p - (k === label ? 1 : 0)) / ROWS.length),
      );
      assertSame(`label ${label}: dlogits`, outputs.dlogits, slopes);
    }
  }
});

test("L2 penalty", async () => {
  const device = await gpu();
  for (const value of VALUES) {
    const w = device.tensor([5], "w", Float32Array.of(1, value, 2, 0.5, -1));
    const { outputs } = await evaluate((rec) => {
      rec.watch(w);
      const penalty = weightPenalty(rec, w, { l2: 0.25 });
      const dw = recordGradients(rec).get(w);
      assert.ok(dw);
      return { penalty, ...(dw && { dw }) };
    });
    assertSame(`penalty with ${value}`, outputs.penalty, [0.25 * (6.25 + value * value)]);
    assertSame(`dw with ${value}`, outputs.dw, [0.5, 0.5 * value, 1, 0.25, -0.5]);
  }
});

/** What the first step takes off a weight, at a learning rate of 1/8: Adam's is that times the gradient's sign, almost. */
const STEPS = {
  adam: (g: number) => (0.125 * g) / (Math.sqrt(g * g) + 1e-7 / Math.sqrt(1e-3)),
  sgd: (g: number) => 0.125 * g,
  nesterov: (g: number) => 1.5 * 0.125 * g,
};

for (const [name, optimizer, step] of [
  ["adam", adam(), STEPS.adam],
  ["sgd", sgd(), STEPS.sgd],
  ["sgd with momentum", sgd({ momentum: 0.5 }), STEPS.sgd],
  ["sgd with Nesterov's", sgd({ momentum: 0.5, nesterov: true }), STEPS.nesterov],
] as const) {
  test(`${name}, gradients and weights`, async () => {
    const device = await gpu();
    // Adam squares a gradient: that of 1e38 would be infinite in float32 alone.
    const values = VALUES.map((v) => (Math.abs(v) === 1e38 ? Math.sign(v) * 1e18 : v));
    const tensor = (label: string, data: readonly number[]) =>
      device.tensor([data.length], label, Float32Array.from(data));
    const weights = [...values.map(() => 1), ...values];
    const gradients = [...values, ...values.map(() => 0.5)];
    const [w, dw] = [tensor("w", weights), tensor("dw", gradients)];
    const slots = optimizer.slots.map((slot) =>
      tensor(
        slot,
        weights.map(() => 0),
      ),
    );
    const state = optimizer.stateSize > 0 ? tensor("state", [0, 0]) : null;
    const learningRate = tensor("rate", [0.125]);
    const { outputs } = await evaluate((rec) => {
      optimizer.recordStep(rec, state);
      optimizer.recordUpdate(rec, { w, dw, slots, learningRate, state });
      return { w };
    });
    const expected = weights.map((weight, i) => weight - step(gradients[i] ?? 0));
    assertSame("w", outputs.w, expected);
  });
}

test.run();
