// Statistics measured within training steps: the same weights with and without, the same figures again, and figures that agree with
// what a step opened for looking has on the device. And the count of weights that are no finite numbers.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { firstRows } from "../../src/data/dataset.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { DivergenceError } from "../../src/train/divergence-error.ts";
import { type FitOptions, FitRun } from "../../src/train/fit.ts";
import type { StepStatistics } from "../../src/train/step-statistics.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("step statistics");
const MODEL = lenet5();
const DATA = smallDataset(105);

interface Outcome {
  readonly run: FitRun;
  readonly found: readonly StepStatistics[];
}

async function trained(options: Partial<FitOptions> = {}): Promise<Outcome> {
  const device = await gpu();
  const data = uploadDataset(device, DATA);
  const found: StepStatistics[] = [];
  const run = await FitRun.create(device, MODEL, {
    train: { data, rows: firstRows(105) },
    ...{ batchSize: 10, epochs: 2, learningRate: 1e-3, seed: 4 },
    onStatistics: (statistics) => found.push(statistics),
    ...options,
  });
  await run.train();
  return { run, found };
}

function bitsOf({ run }: Outcome): readonly (readonly number[])[] {
  return [...run.weights.values()].map((values) => [...new Uint32Array(values.buffer.slice(0))]);
}

test("weights are the same bits with and without", async () => {
  const plain = bitsOf(await trained());
  for (const every of [1, 3, 7]) {
    assert.equal(bitsOf(await trained({ statisticsEvery: every })), plain);
  }
  assert.equal(bitsOf(await trained({ watchNumbers: true, statisticsEvery: 2 })), plain);
});

test("every n-th step of whole batches, and the same figures again", async () => {
  const every = await trained({ statisticsEvery: 1 });
  // Eleven steps an epoch, the last of five rows.
  const whole = Array.from({ length: 22 }, (_, i) => i + 1).filter((step) => step % 11 !== 0);
  assert.equal(
    every.found.map(({ step }) => step),
    whole,
  );
  const third = await trained({ statisticsEvery: 3 });
  assert.equal(
    third.found,
    every.found.filter(({ step }) => step % 3 === 0),
  );
});

test("what is measured, of what", async () => {
  const { found } = await trained({ statisticsEvery: 10 });
  const [first] = found;
  assert.ok(first);
  const names = (measured: string) =>
    first.entries.filter((entry) => entry.measured === measured).map(({ name }) => name);
  const variables = ["conv2d", "conv2d_1", "dense", "dense_1", "dense_2"].flatMap((layer) => [
    ...[`${layer}/kernel`, `${layer}/bias`],
  ]);
  assert.equal(names("weights"), variables);
  assert.equal(names("gradients"), variables);
  assert.equal(names("updates"), variables);
  assert.ok(names("activations").includes("max_pooling2d"));
  assert.ok(names("activationGradients").includes("conv2d"));
  for (const { histogram, finite, nonFinite, elements, zeros } of first.entries) {
    assert.is(
      histogram.reduce((a, b) => a + b, 0),
      finite,
    );
    assert.is(finite + nonFinite, elements);
    assert.ok(zeros <= elements);
  }
});

test("weights' figures are those of the weights, updates' those of their change", async () => {
  const { run, found } = await trained({
    ...{ epochs: 1, train: await someRows(30), statisticsEvery: 3 },
  });
  const [last] = found;
  assert.ok(last);
  for (const [name, values] of run.weights) {
    const entry = last.entries.find((one) => one.measured === "weights" && one.name === name);
    assert.ok(entry);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    assert.ok(Math.abs(entry.mean - mean) < 1e-6, `${name}: ${entry.mean}, not ${mean}`);
    assert.is(
      entry.max,
      values.reduce((a, b) => Math.max(a, b), -Infinity),
    );
    // A step of Adam moves a weight by the learning rate at most, or a little more.
    const update = last.entries.find((one) => one.measured === "updates" && one.name === name);
    assert.ok(update && update.max < 1.2e-3 && update.min > -1.2e-3 && update.max > 0, name);
    const ratio = last.updateRatios[name] ?? Number.NaN;
    assert.ok(ratio > 0 && ratio < 2, `${name}: ${ratio}`);
  }
});

async function someRows(rows: number) {
  return { data: uploadDataset(await gpu(), DATA), rows: firstRows(rows) };
}

test("gradients are those that move the weights: sgd's updates are -rate times them", async () => {
  const { sgd } = await import("../../src/engine/optim/sgd.ts");
  const { found } = await trained({ optimizer: sgd(), learningRate: 0.5, statisticsEvery: 4 });
  for (const { entries, gradientNorm } of found) {
    const of = (measured: string) => entries.filter((entry) => entry.measured === measured);
    let squares = 0;
    for (const gradient of of("gradients")) {
      const update = of("updates").find(({ name }) => name === gradient.name);
      assert.ok(update);
      // w − 0.5·dw loses digits of dw where w is larger.
      const close = (a: number, b: number) => Math.abs(a - b) <= 1e-6 + 1e-4 * Math.abs(b);
      assert.ok(close(update.deviation, 0.5 * gradient.deviation), gradient.name);
      assert.ok(close(update.max, -0.5 * gradient.min), gradient.name);
      squares += gradient.elements * (gradient.deviation ** 2 + gradient.mean ** 2);
    }
    assert.ok(Math.abs(gradientNorm - Math.sqrt(squares)) < 1e-9);
  }
});

test("a weight that is no finite number ends a watched run, and says so", async () => {
  try {
    await trained({ watchNumbers: true, learningRate: 1e20, epochs: 50 });
    assert.unreachable("it went on");
  } catch (error) {
    assert.instance(error, DivergenceError);
    assert.match((error as Error).message, /a weight became NaN or infinite in epoch 1/);
  }
});

test.run();
