// Times real training steps: gather, forward, loss, backward and Adam, through the same trainer as `npm run train`, so that the
// figure holds the host's part too; LeNet-5's on Fashion-MNIST itself.

import { type Dataset, firstRows } from "../../data/dataset.ts";
import type { FashionMnist } from "../../data/fashion-mnist.ts";
import type { Device } from "../../engine/core/device.ts";
import type { Model } from "../../engine/layers/model.ts";
import { adam } from "../../engine/optim/adam.ts";
import { lenet5 } from "../../models/lenet5.ts";
import { uploadDataset } from "../../train/device-data.ts";
import { Trainer } from "../../train/trainer.ts";
import { quantile, sampled } from "../profile/statistics.ts";

export interface TrainStepResult {
  readonly model: string;
  readonly batch: number;
  /** Those that were measured to be the fastest; without it, those of the ladders' order. */
  readonly kernels?: "measured";
  /** Median milliseconds of a step. */
  readonly ms: number;
  readonly lower: number;
  readonly upper: number;
  readonly p90: number;
  readonly steps: number;
  readonly dispatches: number;
  /** Mean loss over the steps: it must have learnt something. */
  readonly loss: number;
}

/** LeNet-5's. */
export async function timeTrainStep(
  device: Device,
  data: FashionMnist,
  batch: number,
  steps = 400,
): Promise<TrainStepResult> {
  const step = { name: "lenet5", model: lenet5(), dataset: data.train, batch, steps };
  return await timeStepOf(device, { ...step, learningRate: 1e-3 });
}

export interface TimedStep {
  /** Of the model. */
  readonly name: string;
  readonly model: Model;
  readonly dataset: Dataset;
  readonly batch: number;
  /** As many as the rows are enough for, at most; the first is not timed. */
  readonly steps: number;
  readonly learningRate: number;
}

export async function timeStepOf(
  device: Device,
  { name, model, dataset, batch, steps, learningRate }: TimedStep,
): Promise<TrainStepResult> {
  const scope = device.scope();
  const trainer = await Trainer.create({
    device: scope,
    model,
    optimizer: adam(),
    data: uploadDataset(scope, dataset),
    batchSize: batch,
    learningRate,
    seed: 42,
  });
  const count = Math.min(dataset.rows - (dataset.rows % batch), steps * batch);
  const rows = firstRows(count);
  await trainer.fit({ rows, validationRows: new Uint32Array(), epochs: 1 });
  const times = trainer.stepTimes.toSorted((a, b) => a - b);
  const { median: ms, lower, upper } = sampled(times);
  const result = {
    model: name,
    batch,
    ...{ ms, lower, upper, p90: quantile(times, 0.9) },
    steps: trainer.steps,
    dispatches: trainer.dispatchesPerStep,
    loss: trainer.history[0]?.["loss"] ?? Number.NaN,
  };
  scope.destroy();
  return result;
}
