// Rows that do not lie on the device: a training whose rows are brought for each step has the bits of one whose rows all lie there,
// whatever it does on the way; and what is counted against the budget.

import { createHash } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Dataset, firstRows, takeRows } from "../../src/data/dataset.ts";
import type { Device } from "../../src/engine/core/device.ts";
import { RowMemory } from "../../src/engine/core/row-memory.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { type Model, sequential } from "../../src/engine/layers/model.ts";
import { maxPooling2d } from "../../src/engine/layers/pooling.ts";
import { dropout, flatten } from "../../src/engine/layers/shaping.ts";
import { meanSquaredError } from "../../src/engine/ops/loss/elementwise.ts";
import { hunt } from "../../src/inspect/hunt/hunt.ts";
import { fit as fitData } from "../../src/library/fit.ts";
import { rowsOf, tensorData } from "../../src/library/tensor-data.ts";
import { described } from "../../src/models/described-model.ts";
import { runningTrial } from "../../src/queue/trial-message.ts";
import { imageBasis } from "../../src/train/basis.ts";
import { crossValidate, foldSplits } from "../../src/train/cross-validation.ts";
import { allRows, type DeviceData, placeDataset } from "../../src/train/device-data.ts";
import { type FitOptions, FitRun } from "../../src/train/fit.ts";
import { captureState, type StepState } from "../../src/train/step-state.ts";
import type { TrainingState } from "../../src/train/training-state.ts";
import { trainTrials } from "../../src/tune/train-trial.ts";
import { objectiveOf } from "../../src/tune/trial.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("streamed rows");

/** Of 5 × 5 RGB: 75 bytes a row, so that rows begin within words. */
function tiny(rows: number, seed: number): Dataset {
  const { images, labels, classNames } = smallDataset(rows, seed);
  const shape = { height: 5, width: 5, channels: 3 };
  return {
    name: `tiny${seed}`,
    images: images.slice(0, rows * 75),
    labels,
    rows,
    classNames,
    ...shape,
  };
}

const model: Model = sequential(
  "small",
  [5, 5, 3],
  [
    conv2d({ filters: 4, kernelSize: 3 }),
    maxPooling2d(),
    flatten(),
    dropout({ rate: 0.4 }),
    dense({ units: 10, activation: "softmax" }),
  ],
);

/** Steps of a batch of 20 rows that a window holds, under this budget: 2 of them, and a rest. */
const SMALL = 2 * 50 * 75;

async function within<T>(budget: number | null, work: (device: Device) => Promise<T>): Promise<T> {
  const device = (await gpu()).scope();
  if (budget !== null) device.rowMemory.budget = budget;
  try {
    return await work(device);
  } finally {
    device.destroy();
  }
}

function place(device: Device, rows: number, seed: number): Promise<DeviceData> {
  return placeDataset(device, tiny(rows, seed));
}

interface Trained {
  readonly digest: string;
  readonly told: unknown;
  readonly states: readonly TrainingState[];
}

/** Epochs of 5 whole batches and one of 10 rows, validation, a measured step now and then; then both ways to look at the result. */
function trained(budget: number | null, more: Partial<FitOptions> = {}): Promise<Trained> {
  return within(budget, async (device) => {
    const data = await place(device, 120, 1);
    const held = allRows(await place(device, 33, 2));
    assert.is(data.source.kind, budget === null ? "images" : "host");
    assert.is(data.streaming?.reason, budget === null ? undefined : "budget");
    const states: TrainingState[] = [];
    const measured: unknown[] = [];
    const run = await FitRun.create(device, model, {
      train: { data, rows: Uint32Array.from({ length: 110 }, (_, row) => 119 - row) },
      validation: held,
      ...{ learningRate: 0.02, batchSize: 20, epochs: 3, seed: 3 },
      statisticsEvery: 4,
      onStatistics: (statistics) => void measured.push(statistics),
      checkpoints: { minutes: 0, save: async (state) => void states.push(state) },
      ...more,
    });
    await run.train();
    const scored = [await run.evaluate(held), await run.predict(held)];
    const told = { history: run.history, scored, measured };
    return { digest: digestOf(run.weights), told, states };
  });
}

function digestOf(weights: ReadonlyMap<string, Float32Array>): string {
  const hash = createHash("sha256");
  for (const values of weights.values()) hash.update(values);
  return hash.digest("hex");
}

const runs = new Map<number | null, Promise<Trained>>();

function once(budget: number | null): Promise<Trained> {
  const run = runs.get(budget) ?? trained(budget);
  runs.set(budget, run);
  return run;
}

test("weights, history, statistics, evaluation and prediction have the same bits", async () => {
  const [whole, streamed] = [await once(null), await once(SMALL)];
  assert.is(streamed.digest, whole.digest);
  assert.equal(streamed.told, whole.told);
});

test("a training goes on within an epoch, from a state of one way to the end of the other", async () => {
  const [whole, streamed] = [await once(null), await once(SMALL)];
  for (const [from, budget] of [
    [whole, SMALL],
    [streamed, null],
  ] as const) {
    const resume = from.states.find(({ epoch, stepsOfEpoch }) => epoch === 1 && stepsOfEpoch > 0);
    assert.ok(resume, "a state within the second epoch");
    const resumed = await trained(budget, { resume, statisticsEvery: undefined });
    assert.is(resumed.digest, whole.digest);
  }
});

test("a hunt replays streamed steps, and finds the same culprit", async () => {
  const hunted = (budget: number | null) =>
    within(budget, async (device) => {
      const data = await place(device, 120, 1);
      let state: StepState | null = null;
      const setup = { model, data, batchSize: 20, seed: 3 };
      await FitRun.create(device, model, {
        ...{ train: allRows(data), learningRate: 1e30, batchSize: 20, epochs: 1, seed: 3 },
        beforeSteps: async (run) => {
          state = await captureState(run.device, run.program);
        },
      }).then((run) => run.train().catch(() => undefined));
      assert.ok(state);
      const found = await hunt(device, setup, state, { steps: 6 });
      assert.ok(found);
      const { step, clock, index, value, rows, dispatch } = found;
      return { step, clock, index, value, rows, kernel: dispatch.kernel.label };
    });
  assert.equal(await hunted(SMALL), await hunted(null));
});

test("rows of numbers and what a model should give for them are streamed together", async () => {
  const x = Float32Array.from(randomArray(70 * 6, 1));
  const y = Float32Array.from(randomArray(70 * 3, 2));
  const net = sequential("line", [6], [dense({ units: 3 })]);
  const trainedBy = (budget: number | null) =>
    within(budget, async (device) => {
      const data = tensorData({ x, y, targetShape: [3], shape: [6] });
      const run = await fitData(device, net, {
        train: rowsOf(
          data,
          Uint32Array.from({ length: 50 }, (_, row) => row + 20),
        ),
        loss: meanSquaredError(),
        ...{ learningRate: 0.01, batchSize: 8, epochs: 3, seed: 3 },
      });
      const weights = run.weights.map((one) => [...one.data]);
      const given = await run.predict(data);
      run.dispose();
      return { weights, history: run.history, given };
    });
  assert.equal(await trainedBy(800), await trainedBy(null));
});

test("where the device has no memory left, rows are streamed; and nothing of them stays there", async () => {
  await within(null, async (device) => {
    const { handle } = device;
    const popped = handle.popErrorScope;
    handle.popErrorScope = async () => {
      await popped.call(handle);
      return { message: "out of memory" };
    };
    try {
      const data = await place(device, 20, 1);
      assert.is(data.streaming?.reason, "memory");
      assert.is(device.rowMemory.used, 0);
    } finally {
      handle.popErrorScope = popped;
    }
  });
});

test("scopes count against one budget, until they are destroyed", async () => {
  const memory = new RowMemory();
  memory.budget = 100;
  const scope = new RowMemory(memory);
  scope.take(60);
  memory.take(30);
  assert.equal([memory.used, scope.hasRoom(10), scope.hasRoom(11)], [90, true, false]);
  scope.budget = 65;
  assert.equal([scope.hasRoom(5), scope.hasRoom(6), scope.budget], [true, false, 65]);
  scope.release();
  assert.equal([memory.used, memory.hasRoom(70)], [30, true]);
  await within(SMALL, async (device) => {
    const first = await placeDataset(device, takeRows(tiny(99, 1), [0, 1, 2]));
    assert.is(first.streaming, undefined);
    assert.ok((await place(device, 99, 1)).streaming, "no room beside the first");
  });
});

test("folds and trials have the bits of those whose rows lie on the device", async () => {
  const config = described(model, { name: "small", path: "small.ts" });
  const training = { batchSize: 20, learningRate: 0.02 };
  const trained = (budget: number | null) =>
    within(budget, async (device) => {
      const basis = imageBasis(device);
      const [data, held] = [await basis.place(tiny(120, 1)), await basis.place(tiny(33, 2))];
      assert.is(data.source.kind, budget === null ? "images" : "host");
      const common = { device, basis, data, seed: 3 };
      const digests: string[] = [];
      const folds = await crossValidate({
        ...{ ...common, model: config, test: held, leakedRows: firstRows(120) },
        splits: foldSplits(120, { folds: 2, seed: 3 }),
        training: { ...training, epochs: 2, patience: 0 },
        onFold: (_, { weights }) => void digests.push(digestOf(weights)),
      });
      const run = trainTrials({
        ...{ ...common, rows: firstRows(90), validationRows: firstRows(120).subarray(90) },
        ...{ objective: objectiveOf("val_loss"), patience: 0 },
      });
      const trial = runningTrial({
        ...{ id: "1", values: {}, initialEpoch: 0, epochs: 2, parent: null },
      });
      const plan = { model: config, training };
      const job = { trial, plan, initialEpoch: 0, epochs: 2, parentWeights: null };
      return { folds, digests, outcome: await run(job, undefined) };
    });
  const [streamed, resident] = [await trained(SMALL), await trained(null)];
  assert.is(resident.digests.length, 2);
  assert.is(resident.outcome?.models.length, 1);
  assert.equal(streamed, resident);
});

test.run();
