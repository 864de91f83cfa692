// Trials on a device: nothing compiled twice, nothing left behind, rungs that go on where their parent was best.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { imageBasis } from "../../src/train/basis.ts";
import { foldSplits } from "../../src/train/cross-validation.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import type { TrainingPlan } from "../../src/train/training.ts";
import { foldTrials } from "../../src/tune/fold-trial.ts";
import { type TrainTrialOptions, trainTrials } from "../../src/tune/train-trial.ts";
import { newTrial, objectiveOf } from "../../src/tune/trial.ts";
import type { TrialJob, TrialOutcome } from "../../src/tune/tuner.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("train-trial");
const ROWS = 160;
const rowsTo = (to: number, from = 0) =>
  Uint32Array.from({ length: to - from }, (_, i) => from + i);

function plan(settings: { dropout?: number; learningRate?: number; batchSize?: number } = {}) {
  const { dropout = 0.1, learningRate = 2e-3, batchSize = 32 } = settings;
  const model = { name: "lenet5", filters: [4, 8], units: [24, 16], dropout } as const;
  return { model, training: { learningRate, batchSize } };
}

const job = (settings: Partial<TrialJob<TrainingPlan>> = {}): TrialJob<TrainingPlan> => ({
  trial: newTrial("1", {}),
  plan: plan(),
  initialEpoch: 0,
  epochs: 2,
  parentWeights: null,
  ...settings,
});

async function options(more: Partial<TrainTrialOptions> = {}): Promise<TrainTrialOptions> {
  const device = await gpu();
  return {
    device,
    basis: imageBasis(device),
    data: uploadDataset(device, smallDataset(ROWS)),
    rows: rowsTo(120),
    validationRows: rowsTo(ROWS, 120),
    objective: objectiveOf("val_accuracy"),
    seed: 5,
    patience: 0,
    ...more,
  };
}

function completed(outcome: TrialOutcome | null): TrialOutcome & { readonly score: number } {
  const { score = null } = outcome ?? {};
  if (!outcome || score === null) throw new Error(`not completed: ${outcome?.message}`);
  return { ...outcome, score };
}

test("trials that differ only in numbers compile no kernel again", async () => {
  const shared = await options();
  const { device } = shared;
  completed(await trainTrials(shared)(job(), undefined));
  const before = device.kernels.pipelinesMade;
  const others = [
    plan({ learningRate: 5e-4 }),
    plan({ dropout: 0.4 }),
    plan({ dropout: 0.25, learningRate: 1e-2, batchSize: 20 }),
  ];
  for (const [index, other] of others.entries()) {
    const run = trainTrials({ ...shared, seed: 6 + index });
    completed(await run(job({ plan: other }), undefined));
  }
  assert.is(device.kernels.pipelinesMade, before);
});

test("the score is the best epoch's, and so are the weights", async () => {
  const shared = await options();
  const { history, score, bestEpoch, models } = completed(
    await trainTrials(shared)(job({ epochs: 4 }), undefined),
  );
  const scores = history.map((logs) => logs["val_accuracy"] ?? 0);
  assert.is(score, Math.max(...scores));
  assert.is(bestEpoch, scores.indexOf(score) + 1);
  assert.equal(
    history.map(({ epoch }) => epoch),
    [1, 2, 3, 4],
  );
  const tensors = models[0]?.weights ?? [];
  assert.is(models.length, 1);
  assert.is(models[0]?.bestEpoch, bestEpoch);
  assert.is(tensors.length, 10);
  // A trial that ends with the best epoch has the same weights.
  const short = completed(await trainTrials(shared)(job({ epochs: bestEpoch ?? 0 }), undefined));
  assert.equal(
    short.models[0]?.weights.map(({ data }) => [...data]),
    tensors.map(({ data }) => [...data]),
  );
});

test("the same job gives the same bits", async () => {
  const run = trainTrials(await options());
  const [a, b] = [await run(job(), undefined), await run(job(), undefined)];
  assert.equal(a, b);
});

test("a trial goes on from its parent's best weights", async () => {
  const quick = plan({ learningRate: 6e-3, dropout: 0 });
  const run = trainTrials(await options());
  const runJob = async (more: Partial<TrialJob<TrainingPlan>>) =>
    completed(await run(job({ plan: quick, ...more }), undefined));
  const parent = await runJob({ epochs: 8 });
  const parentWeights = parent.models[0]?.weights ?? null;
  const child = await runJob({ initialEpoch: 8, epochs: 10, parentWeights });
  assert.equal(
    child.history.map(({ epoch }) => epoch),
    [9, 10],
  );
  const lossOf = ({ history }: TrialOutcome) => history[0]?.["loss"] ?? Number.NaN;
  assert.ok(lossOf(child) < 0.7 * lossOf(parent), `${lossOf(child)} against ${lossOf(parent)}`);
  // Its first epoch is shuffled as a ninth, not as another first.
  const again = await runJob({ initialEpoch: 0, epochs: 1, parentWeights });
  assert.is.not(lossOf(again), lossOf(child));
});

test("a rung at a decayed rate goes on with that rate", async () => {
  const run = trainTrials(await options());
  const { history } = completed(await run(job({ initialEpoch: 12, epochs: 13 }), undefined));
  const expected = 2e-3 * Math.exp(-0.3);
  assert.ok(Math.abs((history[0]?.["lr"] ?? 0) - expected) < 1e-6 * expected);
});

test("a trial that diverges from the start failed, and says so", async () => {
  const run = trainTrials(await options({ objective: objectiveOf("val_loss") }));
  const outcome = await run(job({ plan: plan({ learningRate: 1e30 }) }), undefined);
  assert.is(outcome?.score, null);
  assert.match(outcome?.message ?? "", /the loss became NaN or infinite in epoch 1/);
  assert.is(outcome?.models.length, 0);
});

test("an interrupted trial has no outcome", async () => {
  const controller = new AbortController();
  const events = () => ({ onEpochEnd: () => controller.abort() });
  const run = trainTrials(await options({ events }));
  assert.is(await run(job({ epochs: 9 }), controller.signal), null);
});

test("early stopping ends a trial", async () => {
  const run = trainTrials(await options({ patience: 1, validationRows: rowsTo(122, 120) }));
  const { history } = completed(await run(job({ epochs: 60 }), undefined));
  assert.ok(history.length < 60, `${history.length} epochs`);
});

test("a trial leaves no buffer behind", async () => {
  const shared = await options();
  const destroyed: object[] = [];
  const scope = shared.device.scope.bind(shared.device);
  const device = Object.assign(Object.create(shared.device), {
    scope: () => {
      const child = scope();
      const destroy = child.destroy.bind(child);
      return Object.assign(child, {
        destroy: () => {
          destroyed.push(child);
          destroy();
        },
      });
    },
  });
  completed(await trainTrials({ ...shared, device })(job({ epochs: 1 }), undefined));
  assert.is(destroyed.length, 1);
  const bad = job({ plan: { ...plan(), model: { ...plan().model, kernelSize: 31 } } });
  const failure = await trainTrials({ ...shared, device })(bad, undefined).catch(String);
  assert.match(String(failure), /conv2d/);
  assert.is(destroyed.length, 2);
});

test("with folds, the score is their mean, and every fold leaves its weights", async () => {
  const { device, basis, data, objective, seed } = await options();
  const splits = foldSplits(ROWS, { folds: 3, seed });
  const run = foldTrials({ device, basis, data, splits, objective, seed, patience: 0 });
  const { folds, score, models, history } = completed(await run(job(), undefined));
  assert.is(folds.length, 3);
  assert.ok(Math.abs(score - folds.reduce((sum, value) => sum + value, 0) / 3) < 1e-12);
  assert.equal(
    models.map(({ fold, weights, history: logs }) => [fold, weights.length, logs.length]),
    [1, 2, 3].map((fold) => [fold, 10, 2]),
  );
  assert.equal(
    history.map(({ fold, epoch }) => [fold, epoch]),
    [1, 2, 3].flatMap((fold) => [
      [fold, 1],
      [fold, 2],
    ]),
  );
  assert.throws(
    () =>
      foldTrials({
        device,
        basis,
        data,
        splits,
        objective: objectiveOf("loss"),
        seed,
        patience: 0,
      }),
    /folds are scored by val_accuracy or val_loss/,
  );
});

test.run();
