// Times the real training step of LeNet-5: gather, forward, loss, backward and Adam on Fashion-MNIST itself, through the
// same trainer as `npm run train`, so that the figure holds the host's part too.

import { firstRows } from "../../data/dataset.ts";
import type { FashionMnist } from "../../data/fashion-mnist.ts";
import type { Device } from "../../engine/core/device.ts";
import { adam } from "../../engine/optim/adam.ts";
import { lenet5 } from "../../models/lenet5.ts";
import { uploadDataset } from "../../train/device-data.ts";
import { Trainer } from "../../train/trainer.ts";
import { quantile, sampled } from "../profile/statistics.ts";

export interface TrainStepResult {
  readonly model: string;
  readonly batch: number;
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

export async function timeTrainStep(
  device: Device,
  data: FashionMnist,
  batch: number,
  steps = 400,
): Promise<TrainStepResult> {
  const trainer = await Trainer.create({
    device,
    model: lenet5(),
    optimizer: adam(),
    data: uploadDataset(device, data.train),
    batchSize: batch,
    learningRate: 1e-3,
    seed: 42,
  });
  const count = Math.min(data.train.rows - (data.train.rows % batch), steps * batch);
  const rows = firstRows(count);
  await trainer.fit({ rows, validationRows: new Uint32Array(), epochs: 1 });
  const times = trainer.stepTimes.toSorted((a, b) => a - b);
  const { median: ms, lower, upper } = sampled(times);
  return {
    model: "lenet5",
    batch,
    ...{ ms, lower, upper, p90: quantile(times, 0.9) },
    steps: trainer.steps,
    dispatches: trainer.dispatchesPerStep,
    loss: trainer.history[0]?.["loss"] ?? Number.NaN,
  };
}
