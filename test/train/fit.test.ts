// The recipe that all trainings share: what is kept, how it ends, what is told, and in which numbers.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { firstRows } from "../../src/data/dataset.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { VAL_LOSS } from "../../src/train/best-epoch.ts";
import { holdThenDecay } from "../../src/train/callbacks/learning-rate-scheduler.ts";
import { allRows, type DataRows, uploadDataset } from "../../src/train/device-data.ts";
import { DivergenceError } from "../../src/train/divergence-error.ts";
import { type FitOptions, FitRun, fit } from "../../src/train/fit.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("fit");

async function rowsOf(count: number, seed = 1): Promise<DataRows> {
  return allRows(uploadDataset(await gpu(), smallDataset(count, seed)));
}

async function options(more: Partial<FitOptions> = {}): Promise<FitOptions> {
  const train = await rowsOf(60);
  return { train, learningRate: 1e-3, batchSize: 20, epochs: 3, seed: 4, ...more };
}

test("a run evaluates, predicts, and shows its weights, history and program", async () => {
  const validation = await rowsOf(30, 2);
  const told: [number, number][] = [];
  const run = await fit(await gpu(), lenet5(), {
    ...(await options({ validation, optimizer: adam() })),
    onEpochEnd: (epoch, logs) => told.push([epoch, logs["val_loss"] ?? Number.NaN]),
  });
  assert.is(run.ended, "finished");
  assert.equal(
    told,
    run.history.map((logs, i) => [i + 1, logs["val_loss"]]),
  );
  // The validation rows are of another data set than those trained on.
  const { loss, rows, confusion } = await run.evaluate(validation);
  assert.equal([loss, rows, confusion.length], [run.history[2]?.["val_loss"], 30, 10]);
  const probabilities = await run.predict(validation);
  assert.equal([probabilities.length, probabilities[0]?.length], [30, 10]);
  assert.equal([...run.weights.keys()].sort(), [...run.variables].map(({ name }) => name).sort());
  assert.ok(run.program.dispatches.some(({ kernel }) => kernel.label.startsWith("adam/")));
  assert.is(run.kept?.epoch, 3);
});

test("the same as a trainer driven by hand, to the bit", async () => {
  const device = await gpu();
  const settings = await options();
  const run = await fit(device, lenet5(), settings);
  const { train, learningRate, batchSize, seed, epochs } = settings;
  const trainer = await Trainer.create({
    ...{ device, model: lenet5(), optimizer: adam(), data: train.data },
    ...{ batchSize, learningRate, seed },
  });
  await trainer.fit({ rows: train.rows, validationRows: new Uint32Array(), epochs });
  assert.equal(run.history, trainer.history);
  assert.equal([...run.weights], [...trainer.lastWeights]);
});

test("the best epoch's weights come back, and its number counts from 1", async () => {
  // A single row held out, so that val_loss soon goes up and down.
  const validation = { ...(await rowsOf(60)), rows: firstRows(1) };
  const more = { validation, keepBest: VAL_LOSS, patience: 2, epochs: 40 };
  const run = await fit(await gpu(), lenet5(), await options(more));
  const losses = run.history.map((logs) => logs["val_loss"] ?? Number.NaN);
  assert.is(run.ended, "early");
  assert.is(run.kept?.epoch, losses.indexOf(Math.min(...losses)) + 1);
  assert.is(losses.length, (run.kept?.epoch ?? 0) + 2);
  assert.is((await run.score(validation)).loss, Math.min(...losses));
});

test("a schedule goes on where an earlier run ended", async () => {
  const begun: number[] = [];
  const more = { schedule: holdThenDecay, initialEpoch: 12, epochs: 14 };
  const onEpochBegin = (epoch: number) => begun.push(epoch);
  const run = await fit(await gpu(), lenet5(), { ...(await options(more)), onEpochBegin });
  assert.equal(begun, [13, 14]);
  const rates = run.history.map((logs) => logs["lr"] ?? Number.NaN);
  for (const [i, rate] of rates.entries()) {
    const expected = 1e-3 * Math.exp(-0.1 * (3 + i));
    assert.ok(Math.abs(rate - expected) < 1e-6 * expected, `${rate}`);
  }
  assert.is(run.kept?.epoch, 14);
});

test("a loss that is no number ends it with an error that names the argument", async () => {
  const more = { learningRate: 1e30, keepBest: VAL_LOSS, validation: await rowsOf(20, 3) };
  const run = await FitRun.create(await gpu(), lenet5(), await options(more));
  const error = await run.train().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, DivergenceError);
  if (!(error instanceof DivergenceError)) return;
  assert.is(error.message, "learningRate: the loss became NaN or infinite in epoch 1");
  assert.equal([error.argument, error.epoch], ["learningRate", 1]);
  assert.is(error.help, "try a lower rate than 1e+30");
  // What the run has can still be asked for; no epoch of it is worth keeping.
  assert.equal([run.ended, run.history.length, run.kept], [null, 1, null]);
});

test("interrupted, it keeps the last finished epoch", async () => {
  const controller = new AbortController();
  const onEpochEnd = (epoch: number) => epoch === 2 && controller.abort();
  const more = { signal: controller.signal, epochs: 9 };
  const run = await fit(await gpu(), lenet5(), { ...(await options(more)), onEpochEnd });
  assert.equal([run.ended, run.history.length, run.kept?.epoch], ["interrupted", 2, 2]);
  const two = await fit(await gpu(), lenet5(), await options({ epochs: 2 }));
  assert.equal([...run.weights], [...two.weights]);
});

test.run();
