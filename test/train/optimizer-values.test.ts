// What an optimiser has come to: taken from one training, another one goes on from it as if there had been no break.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createOptimizer } from "../../src/engine/optim/create-optimizer.ts";
import type { OptimizerValues } from "../../src/engine/optim/optimizer-values.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { readOptimizer, removeOptimizer, writeOptimizer } from "../../src/runs/optimizer-file.ts";
import { BestEpoch, VAL_LOSS } from "../../src/train/best-epoch.ts";
import { allRows, uploadDataset } from "../../src/train/device-data.ts";
import { type FitOptions, fit } from "../../src/train/fit.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("optimizer values");

async function train(more: Partial<FitOptions>) {
  const device = await gpu();
  const rows = allRows(uploadDataset(device, smallDataset(24, 1)));
  // One batch an epoch: the order of the rows does not count.
  const settings = { train: rows, learningRate: 1e-3, batchSize: 24, seed: 4 };
  return fit(device, lenet5(), { ...settings, epochs: 6, optimizerBytes: 2 ** 30, ...more });
}

function valuesOf(run: Awaited<ReturnType<typeof train>>): OptimizerValues {
  const optimizer = run.kept?.optimizer;
  if (!optimizer) throw new Error("the run kept none");
  return optimizer;
}

// The others' values have no more to them; keras/compiled.test.ts has all that Keras saves.
for (const name of ["adam", "nadam", "sgd"] as const) {
  test(`${name} goes on from another training's values`, async () => {
    const optimizer = createOptimizer(name, name === "sgd" ? { momentum: 0.9 } : {});
    const whole = await train({ optimizer });
    const first = await train({ optimizer, epochs: 3 });
    const values = valuesOf(first);
    assert.equal([values.name, values.steps], [name, 3]);
    const second = await train({
      ...{ optimizer, epochs: 3 },
      initialWeights: first.weights,
      initialOptimizer: values,
    });
    const losses = [...first.history, ...second.history].map(({ loss = Number.NaN }) => loss);
    for (const [epoch, { loss = 0 }] of whole.history.entries()) {
      assert.ok(Math.abs((losses[epoch] ?? Number.NaN) - loss) < 2e-6, `${epoch}: ${losses}`);
    }
    assert.is(valuesOf(second).steps, 6);
  });
}

test("those of the best epoch are kept with its weights, and not where they are too large", async () => {
  const device = await gpu();
  const validation = allRows(uploadDataset(device, smallDataset(12, 9)));
  const run = await train({ validation, keepBest: VAL_LOSS, learningRate: 5e-2 });
  assert.is(valuesOf(run).steps, run.kept?.epoch);
  const small = await train({ validation, keepBest: VAL_LOSS, epochs: 1, optimizerBytes: 100 });
  assert.is(small.kept?.optimizer, null);
});

test("a callback's memory holds them beside the weights", async () => {
  const weights = new Map([["conv1/kernel", Float32Array.of(1, 2)]]);
  const slots = new Map([
    ["m", new Map([["conv1/kernel", Float32Array.of(3, 4)]])],
    ["v", new Map([["conv1/kernel", Float32Array.of(5, 6)]])],
  ]);
  const optimizer: OptimizerValues = { name: "adam", steps: 7, learningRate: 0.5, slots };
  const best = new BestEpoch(VAL_LOSS, { optimizer: async () => optimizer });
  await best.onEpochEnd(2, { val_loss: 1 }, { learningRate: 1, weights, stop() {}, restore() {} });
  const again = new BestEpoch(VAL_LOSS);
  again.memory.load(JSON.parse(JSON.stringify({ values: best.memory.save().values })));
  assert.is(again.kept, null);
  again.memory.load(best.memory.save());
  assert.equal(again.kept, { epoch: 3, logs: { val_loss: 1 }, weights, optimizer });
});

test("a run's folder holds them in a file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-optimizer-"));
  try {
    assert.is(await readOptimizer(folder), null);
    const run = await train({ epochs: 2 });
    const values = valuesOf(run);
    await writeOptimizer(folder, values, run.variables);
    const found = await readOptimizer(folder);
    assert.equal(found, values);
    await removeOptimizer(folder);
    assert.is(await readOptimizer(folder), null);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("values of another optimiser are refused", async () => {
  const { kept } = await train({ epochs: 1, optimizer: createOptimizer("lion") });
  const initialOptimizer = kept?.optimizer ?? undefined;
  try {
    await train({ epochs: 1, initialOptimizer });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), "optimizer: values must be of adam, got lion");
  }
});

test.run();
