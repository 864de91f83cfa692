// The evaluator: predictions that do not depend on how they are asked for, programs that are compiled once, data sets that
// share a name and nothing else.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { firstRows } from "../../src/data/dataset.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { reshape } from "../../src/engine/layers/images.ts";
import { sequential, variablesOf } from "../../src/engine/layers/model.ts";
import { flatten } from "../../src/engine/layers/shaping.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { allRows, uploadDataset } from "../../src/train/device-data.ts";
import { Evaluator, evaluatorOf } from "../../src/train/evaluator.ts";
import { FitRun } from "../../src/train/fit.ts";
import { inferenceBatch } from "../../src/train/inference-batch.ts";
import { assertClose, f32 } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("evaluator");
const MODEL = lenet5();
const WEIGHTS = variablesOf(MODEL, 9).initialWeights();

/** Programs for other numbers of rows may use other variants of a kernel, which add up in another order. */
function sameRows(
  actual: readonly Float32Array[],
  expected: readonly (Float32Array | undefined)[],
): void {
  assert.is(actual.length, expected.length);
  for (const [row, probabilities] of actual.entries()) {
    assertClose({
      label: `row ${row}`,
      shape: [probabilities.length],
      actual: probabilities,
      expected: expected[row] ?? [],
      tolerance: f32(400),
    });
  }
}

test("a row's prediction is the same among others, alone, and in another order", async () => {
  const evaluator = evaluatorOf(await gpu(), MODEL, WEIGHTS);
  const count = inferenceBatch(MODEL) + 13;
  const data = uploadDataset(await gpu(), smallDataset(count));
  const all = await evaluator.predict(data, firstRows(count));
  assert.is(all.length, count);
  const sum = all[0]?.reduce((total, value) => total + value, 0) ?? 0;
  assert.ok(Math.abs(sum - 1) < 1e-5);
  for (const row of [0, 1, 499, 500, count - 1]) {
    const alone = await evaluator.predict(data, Uint32Array.of(row));
    sameRows(alone, [all[row]]);
  }
  const three = await evaluator.predict(data, Uint32Array.of(7, count - 1, 2));
  sameRows(three, [all[7], all[count - 1], all[2]]);
  assert.equal(await evaluator.predict(data, new Uint32Array()), []);
});

test("a data set of fewer rows than a program takes", async () => {
  const evaluator = evaluatorOf(await gpu(), MODEL, WEIGHTS);
  const data = uploadDataset(await gpu(), smallDataset(5));
  const five = await evaluator.predict(data, firstRows(5));
  sameRows(await evaluator.predict(data, firstRows(3)), five.slice(0, 3));
});

test("two data sets of one name are two", async () => {
  const evaluator = evaluatorOf(await gpu(), MODEL, WEIGHTS);
  const [one, other] = [smallDataset(20, 1), { ...smallDataset(20, 2), name: "small1" }];
  const [a, b] = [uploadDataset(await gpu(), one), uploadDataset(await gpu(), other)];
  assert.is(a.name, b.name);
  const first = await evaluator.evaluate(a, firstRows(20));
  const second = await evaluator.evaluate(b, firstRows(20));
  assert.is.not(first.loss, second.loss);
  assert.is(
    (await evaluatorOf(await gpu(), MODEL, WEIGHTS).evaluate(b, firstRows(20))).loss,
    second.loss,
  );
  assert.equal((await evaluator.evaluate(a, firstRows(20))).loss, first.loss);
});

test("what is kept of the weights from batch to batch is computed anew when they change", async () => {
  const device = (await gpu()).scope();
  const model = sequential(
    "kept",
    [28, 28, 1],
    [
      reshape({ targetShape: [14, 14, 4] }),
      conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
      flatten(),
      dense({ units: 10, activation: "softmax" }),
    ],
  );
  const rungs = { "conv2d.forward": "winograd" };
  const [first, second] = [1, 2].map((seed) => variablesOf(model, seed).initialWeights());
  if (!first || !second) throw new Error("unreachable");
  const rows = firstRows(2 * inferenceBatch(model));
  const data = uploadDataset(device, smallDataset(rows.length));
  const opened = (weights: typeof first) => {
    const variables = variablesOf(model);
    variables.materialise(device, weights);
    return { variables, evaluator: new Evaluator({ device, model, variables, rungs }) };
  };
  const { variables, evaluator } = opened(first);
  const losses = [];
  for (const weights of [first, second, first]) {
    variables.materialise(device, weights);
    losses.push((await evaluator.evaluate(data, rows)).loss);
  }
  const [a, b, again] = losses;
  assert.is.not(a, b);
  assert.is(again, a);
  assert.is((await opened(second).evaluator.evaluate(data, rows)).loss, b);
  device.destroy();
});

test("1,000 predictions, evaluations and training steps between them make nothing once warm", async () => {
  const device = await gpu();
  const train = allRows(uploadDataset(device, smallDataset(40)));
  const held = allRows(uploadDataset(device, smallDataset(16, 2)));
  const settings = { learningRate: 1e-3, batchSize: 20, seed: 1 };
  const steady = { flat: { buffers: 0, bindGroups: 0, pipelines: 0 }, rounds: 0 };
  const made = () => {
    const { buffers, bindGroups } = device.counters;
    return { buffers, bindGroups, pipelines: device.kernels.pipelinesMade };
  };
  const run: FitRun = await FitRun.create(device, MODEL, {
    ...{ train, validation: held, epochs: 9, ...settings },
    callbacks: [
      {
        onEpochEnd: async (epoch) => {
          for (let i = 0; i < 125; i++) {
            await run.predict({ ...held, rows: firstRows(1 + (i % 16)) });
            if (i % 5 === 0) await run.evaluate(held);
          }
          if (epoch === 0) steady.flat = made();
          assert.equal(made(), steady.flat, `epoch ${epoch}`);
          steady.rounds++;
        },
      },
    ],
  });
  await run.train();
  assert.is(steady.rounds, 9);
});

test.run();
