// A trial that trains one model on one split, and is scored by its best epoch on the rows held out (or by a training
// figure, where the objective is one). One seed for all trials, so that luck with initial weights does not decide.

import type { Device } from "../engine/core/device.ts";
import type { Weights } from "../engine/layers/variables.ts";
import type { MetricValues } from "../engine/ops/metrics.ts";
import { adam } from "../engine/optim/adam.ts";
import type { Basis } from "../train/basis.ts";
import type { Callback, Logs, TrainingControl } from "../train/callbacks/callback.ts";
import { EarlyStopping } from "../train/callbacks/early-stopping.ts";
import {
  holdThenDecay,
  LearningRateScheduler,
} from "../train/callbacks/learning-rate-scheduler.ts";
import { TerminateOnNaN } from "../train/callbacks/terminate-on-nan.ts";
import type { DeviceData } from "../train/device-data.ts";
import { namedTensors } from "../train/named-tensors.ts";
import { Trainer } from "../train/trainer.ts";
import type { TrainingPlan } from "./spaces/lenet5.ts";
import { isBetter, type Objective } from "./trial.ts";
import type { TrialJob, TrialOutcome, TrialRunner } from "./tuner.ts";

/** What a trial is doing, for whoever shows it. */
export interface TrialEvents {
  readonly onFoldBegin?: (fold: number) => void;
  readonly onCompile?: (label: string, index: number, total: number) => void;
  readonly onCompiled?: (total: number) => void;
  readonly onEpochBegin?: (epoch: number, steps: number) => void;
  readonly onProgress?: (step: number, values: MetricValues) => void;
  readonly onEpochEnd?: (epoch: number, logs: Logs) => void;
}

export interface TrainTrialOptions {
  /** Each trial gets a scope of it, freed at the end; kernels are compiled once for all. */
  readonly device: Device;
  readonly basis: Basis;
  /** As the basis placed it. */
  readonly data: DeviceData;
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly validationRows: Uint32Array<ArrayBuffer>;
  readonly objective: Objective;
  /** Of weights, shuffling and dropout, in every trial. */
  readonly seed: number;
  /** Epochs without a better val_loss before a trial stops; 0 never stops early. */
  readonly patience: number;
  readonly events?: (job: TrialJob<TrainingPlan>) => TrialEvents;
}

/**
 * Trains as `train` does: Adam under the study's schedule. A trial that goes on from another starts at the weights of the
 * other's best epoch, at the rate that the schedule has reached, with Adam's moments at zero: those of the best epoch are
 * not kept, as KerasTuner does not keep them in a weights file either.
 */
export function trainTrials(options: TrainTrialOptions): TrialRunner<TrainingPlan> {
  return async (job, signal) => {
    const device = options.device.scope();
    try {
      return await trainTrial({ ...options, device }, job, signal);
    } finally {
      device.destroy();
    }
  };
}

async function trainTrial(
  options: TrainTrialOptions,
  job: TrialJob<TrainingPlan>,
  signal: AbortSignal | undefined,
): Promise<TrialOutcome | null> {
  const { rows, validationRows, objective, patience } = options;
  const { initialEpoch, epochs } = job;
  const events = options.events?.(job) ?? {};
  const trainer = await createTrainer(options, job, events);
  const best = new BestEpoch(objective);
  const notANumber = new TerminateOnNaN();
  const stopping = patience > 0 ? [new EarlyStopping({ patience })] : [];
  await trainer.fit({
    rows,
    validationRows,
    initialEpoch,
    epochs,
    callbacks: [new LearningRateScheduler(holdThenDecay), best, ...stopping, notANumber],
    ...(signal ? { signal } : {}),
    ...fitEvents(events),
  });
  if (signal?.aborted) return null;
  const history = trainer.history.map((logs, i) => ({ epoch: initialEpoch + i + 1, ...logs }));
  const { score, weights } = best;
  const failed = `the loss became NaN or infinite in epoch ${(notANumber.stoppedEpoch ?? 0) + 1}`;
  const files = weights ? [["weights", namedTensors(trainer.variables, weights)] as const] : [];
  return {
    score,
    bestEpoch: best.epoch === null ? null : best.epoch + 1,
    folds: [],
    history,
    message: score === null ? failed : null,
    weights: new Map(files),
  };
}

async function createTrainer(
  options: TrainTrialOptions,
  job: TrialJob<TrainingPlan>,
  { onCompile, onCompiled }: TrialEvents,
): Promise<Trainer> {
  const { device, basis, data, seed } = options;
  const { batchSize, learningRate } = job.plan.training;
  const trainer = await Trainer.create({
    device,
    model: basis.modelOf(job.plan.model),
    pretrained: basis.pretrained,
    optimizer: adam(),
    data,
    batchSize,
    learningRate: rateAfter(job.initialEpoch, learningRate),
    seed,
    ...(onCompile ? { onCompile } : {}),
    ...(onCompiled ? { onCompiled } : {}),
  });
  if (job.parentWeights) {
    const values = job.parentWeights.map(({ name, data: values }) => {
      return [name, Float32Array.from(values)] as const;
    });
    trainer.variables.load(device, new Map(values));
  }
  return trainer;
}

function fitEvents({ onEpochBegin, onProgress, onEpochEnd }: TrialEvents) {
  return {
    ...(onEpochBegin ? { onEpochBegin } : {}),
    ...(onProgress ? { onProgress } : {}),
    ...(onEpochEnd ? { onEpochEnd } : {}),
  };
}

/** The rate that the schedule leaves after so many epochs. */
function rateAfter(epochs: number, learningRate: number): number {
  let rate = learningRate;
  for (let epoch = 0; epoch < epochs; epoch++) rate = holdThenDecay(epoch, rate);
  return rate;
}

/** Keeps the weights of the epoch that the objective is best in, as KerasTuner's SaveBestEpoch. */
class BestEpoch implements Callback {
  readonly #objective: Objective;
  score: number | null = null;
  /** From 0. */
  epoch: number | null = null;
  weights: Weights | null = null;

  constructor(objective: Objective) {
    this.#objective = objective;
  }

  onEpochEnd(epoch: number, logs: Logs, control: TrainingControl): void {
    const value = logs[this.#objective.name] ?? Number.NaN;
    if (!isBetter(this.#objective, value, this.score)) return;
    [this.score, this.epoch, this.weights] = [value, epoch, control.weights];
  }
}
