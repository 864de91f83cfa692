// Batch normalisation against loops, against vectors of Keras's rules (with both variances that Keras has kept), and on
// data far from zero, where a naive variance would drown.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Shape } from "../../src/engine/core/shape.ts";
import { sizeOf } from "../../src/engine/core/shape.ts";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { batchNormalization as batchNormalizationLayer } from "../../src/engine/layers/batch-normalization.ts";
import { Net } from "../../src/engine/layers/net.ts";
import { activation } from "../../src/engine/layers/shaping.ts";
import { Variables } from "../../src/engine/layers/variables.ts";
import {
  type BatchNormalizationAttrs,
  batchNormalization,
} from "../../src/engine/ops/batch-normalization.ts";
import { plan } from "../../src/engine/program/planner.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { assertClose, f32, type Tolerance } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";
import { nested, runOp } from "../support/run-op.ts";

const test = suite("batch-normalization");

interface Statistics {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

function statisticsOf(x: ArrayLike<number>, channels: number): Statistics {
  const rows = x.length / channels;
  const moment = (c: number, of: (value: number) => number) => {
    let sum = 0;
    for (let i = c; i < x.length; i += channels) sum += of(x[i] ?? 0);
    return sum / rows;
  };
  const mean = Float64Array.from({ length: channels }, (_, c) => moment(c, (value) => value));
  return { mean, variance: mean.map((m, c) => moment(c, (value) => (value - m) ** 2)) };
}

interface Affine {
  readonly gamma?: ArrayLike<number>;
  readonly beta?: ArrayLike<number>;
  readonly epsilon?: number;
}

function normalized(x: Float64Array, { mean, variance }: Statistics, affine: Affine): Float64Array {
  const { gamma, beta, epsilon = 1e-3 } = affine;
  return x.map((value, i) => {
    const c = i % mean.length;
    const xhat = (value - (mean[c] ?? 0)) / Math.sqrt((variance[c] ?? 0) + epsilon);
    return xhat * (gamma ? (gamma[c] ?? 0) : 1) + (beta ? (beta[c] ?? 0) : 0);
  });
}

async function movingStatistics(mean: ArrayLike<number>, variance: ArrayLike<number>) {
  const device = await gpu();
  const tensor = (label: string, data: ArrayLike<number>) =>
    device.tensor([data.length], label, Float32Array.from(data));
  return { mean: tensor("mean", mean), variance: tensor("variance", variance) };
}

const shapes: readonly Shape[] = [
  [3, 2, 2, 2],
  [2, 3, 5, 4],
  [9, 3, 3, 12],
  [37, 7],
  [50, 40],
];

for (const shape of shapes) {
  const channels = shape.at(-1) ?? 1;
  const start = {
    mean: randomArray(channels, 31),
    variance: randomArray(channels, 32).map((value) => value + 1.5),
  };
  for (const training of [true, false]) {
    test(`${training ? "training" : "inference"} over ${shape}`, async () => {
      const moving = await movingStatistics(start.mean, start.variance);
      const rounded = {
        mean: Float64Array.from(start.mean, Math.fround),
        variance: Float64Array.from(start.variance, Math.fround),
      };
      await checkOp({
        label: "batch-normalization",
        inputs: { x: { shape }, gamma: { shape: [channels] }, beta: { shape: [channels] } },
        build: (rec, { x, gamma, beta }) =>
          apply(rec, batchNormalization, [x, gamma, beta], { training, moving }),
        reference: ({ x, gamma, beta }) =>
          normalized(x, training ? statisticsOf(x, channels) : rounded, { gamma, beta }),
        sumLength: sizeOf(shape) / channels,
      });
    });
  }
}

for (const training of [true, false]) {
  const shape = [4, 2, 3, 5];
  const flat = async () => ({
    training,
    moving: await movingStatistics([0, 0, 0, 0, 0], [1, 1, 1, 1, 1]),
    epsilon: 0.25,
  });
  const unit = { mean: new Float64Array(5), variance: new Float64Array(5).fill(1) };
  const of = (x: Float64Array) => (training ? statisticsOf(x, 5) : unit);
  const name = training ? "training" : "inference";

  test(`${name} without gamma`, async () => {
    const attrs = { ...(await flat()), scale: false };
    await checkOp({
      label: "no scale",
      inputs: { x: { shape }, beta: { shape: [5] } },
      build: (rec, { x, beta }) => apply(rec, batchNormalization, [x, beta], attrs),
      reference: ({ x, beta }) => normalized(x, of(x), { beta, epsilon: 0.25 }),
      sumLength: 24,
    });
  });

  test(`${name} without beta, and without either`, async () => {
    const attrs = { ...(await flat()), center: false };
    await checkOp({
      label: "no center",
      inputs: { x: { shape }, gamma: { shape: [5] } },
      build: (rec, { x, gamma }) => apply(rec, batchNormalization, [x, gamma], attrs),
      reference: ({ x, gamma }) => normalized(x, of(x), { gamma, epsilon: 0.25 }),
      sumLength: 24,
    });
    await checkOp({
      label: "neither",
      inputs: { x: { shape } },
      build: (rec, { x }) => apply(rec, batchNormalization, [x], { ...attrs, scale: false }),
      reference: ({ x }) => normalized(x, of(x), { epsilon: 0.25 }),
      sumLength: 24,
    });
  });
}

test("inference with relu in the same kernel", async () => {
  const shape = [4, 2, 3, 8];
  const moving = await movingStatistics(randomArray(8, 5), new Float64Array(8).fill(1));
  const mean = Float64Array.from(randomArray(8, 5), Math.fround);
  const statistics = { mean, variance: new Float64Array(8).fill(1) };
  await checkOp({
    label: "relu",
    inputs: { x: { shape }, gamma: { shape: [8] }, beta: { shape: [8] } },
    build: (rec, { x, gamma, beta }) =>
      apply(rec, batchNormalization, [x, gamma, beta], { training: false, moving, relu: true }),
    reference: ({ x, gamma, beta }) =>
      normalized(x, statistics, { gamma, beta }).map((value) => Math.max(0, value)),
    sumLength: 24,
  });
});

test("an activation layer after inference joins it, after training it does not", () => {
  for (const training of [false, true]) {
    const rec = new Recorder({
      name: "join",
      capabilities: { subgroupSize: null, isSoftware: true },
    });
    const net = new Net({ rec, variables: new Variables(1), training, clock: null });
    const x = rec.allocate([2, 3, 3, 4], "x");
    const y = activation({ activation: "relu" })(net, batchNormalizationLayer()(net, x));
    rec.keep(y);
    const kernels = plan(rec.finish()).dispatches.map(({ kernel }) => kernel.label);
    assert.is(kernels.includes("activation/forward"), training);
    assert.is(kernels.filter((label) => label === "batch-normalization/normalize").length, 1);
  }
});

const vectors = JSON.parse(
  readFileSync(new URL("../fixtures/batchnorm.json", import.meta.url), "utf8"),
);

for (const vector of vectors) {
  const x = nested(vector.x);
  const parameters = { gamma: nested(vector.gamma), beta: nested(vector.beta) };
  const run = (training: boolean, besselMovingVariance: boolean) =>
    runOp({
      inputs: {
        x,
        ...parameters,
        mean: nested(vector.moving_mean0),
        variance: nested(vector.moving_var0),
      },
      build: (rec, input) =>
        apply(rec, batchNormalization, [input("x"), input("gamma"), input("beta")], {
          training,
          moving: { mean: input("mean"), variance: input("variance") },
          momentum: vector.momentum,
          epsilon: vector.eps,
          besselMovingVariance,
        }),
      dy: nested(vector.dy).data,
      readBack: ["mean", "variance"],
    });
  const check = (
    results: Readonly<Record<string, Float32Array>>,
    expected: Readonly<Record<string, Parameters<typeof nested>[0]>>,
  ) => {
    for (const [label, values] of Object.entries(expected)) {
      const { shape, data } = nested(values);
      const actual = results[label] ?? [];
      assertClose({ label, shape, actual, expected: data, tolerance: f32(12) });
    }
  };

  test(`vector of epsilon ${vector.eps}, training`, async () => {
    const { y_train, moving_mean1, dx, dgamma, dbeta } = vector;
    const common = { y: y_train, mean: moving_mean1, dx, dgamma, dbeta };
    check(await run(true, false), { ...common, variance: vector.moving_var1_keras3_biased });
    check(await run(true, true), { ...common, variance: vector.moving_var1_keras2_fused_bessel });
  });

  test(`vector of epsilon ${vector.eps}, inference`, async () => {
    const { y_infer, dx_infer, moving_mean0, moving_var0 } = vector;
    const kept = { mean: moving_mean0, variance: moving_var0 };
    check(await run(false, false), { y: y_infer, dx: dx_infer, ...kept });
  });
}

interface Far {
  readonly shape: Shape;
  readonly isSoftware: boolean;
  readonly data: ArrayLike<number>;
  readonly tolerance: Tolerance;
}

/** Batch mean and variance, as momentum 0 hands them to the moving ones, against float64. */
async function checkMoments({ shape, isSoftware, data, tolerance }: Far): Promise<void> {
  const channels = shape.at(-1) ?? 1;
  const rounded = Float64Array.from(data, Math.fround);
  const zeros = { shape: [channels], data: new Float64Array(channels) };
  const run = () =>
    runOp({
      inputs: { x: { shape, data }, mean: zeros, variance: zeros },
      build: (rec, input) =>
        apply(rec, batchNormalization, [input("x")], {
          training: true,
          moving: { mean: input("mean"), variance: input("variance") },
          momentum: 0,
          scale: false,
          center: false,
        }),
      readBack: ["mean", "variance"],
      capabilities: { isSoftware, subgroupSize: null },
    });
  const [results, again] = [await run(), await run()];
  const { mean, variance } = statisticsOf(rounded, channels);
  for (const [label, expected] of Object.entries({ mean, variance })) {
    const actual = results[label] ?? [];
    assertClose({ label, shape: [channels], actual, expected, tolerance });
  }
  assert.equal(again, results, "the same bits twice");
}

for (const isSoftware of [true, false]) {
  const kind = isSoftware ? "software" : "hardware";
  for (const channels of [3, 8]) {
    const shape = [40, 9, 7, channels];
    test(`data around 1000, ${channels} channels, recorded for ${kind}`, () =>
      checkMoments({
        shape,
        isSoftware,
        data: randomArray(sizeOf(shape), 5).map((value) => 1000 + value),
        // float32 rounds the mean of a slice to 3e-5; a sum of squares of x itself would lose the variance altogether.
        tolerance: { relative: 1e-5, absolute: 1e-6 },
      }));

    test(`an outlier in every slice's first row, ${channels} channels, for ${kind}`, () =>
      checkMoments({
        shape,
        isSoftware,
        data: randomArray(sizeOf(shape), 6).map((value, i) =>
          i < 40 * channels ? 3000 + value : value,
        ),
        tolerance: { relative: 1e-5, absolute: 1e-6 },
      }));
  }
}

test("wrong shapes are named", async () => {
  const device = await gpu();
  const rec = new Recorder({ name: "shapes", capabilities: device });
  const of = (shape: Shape): Tensor => rec.allocate(shape, "t");
  const moving = { mean: of([4]), variance: of([4]) };
  const attrs: BatchNormalizationAttrs = { training: true, moving };
  const record = (...[x, ...parameters]: readonly [Shape, ...Shape[]]) =>
    apply(rec, batchNormalization, [of(x), ...parameters.map(of)], attrs);
  assert.throws(() => record([2, 4], [4]), "takes x and 2 parameters, got 1");
  assert.throws(() => record([2, 4], [4], [3]), "(4,), got (3,)");
  assert.throws(() => record([2, 5], [5], [5]), "(5,), got (4,)");
  assert.throws(() => record([4], [4], [4]), "takes (N, …, C), got (4,)");
});

test.run();
