// A trial that is scored by cross-validation: the objective is the mean over folds of what each scores on its held-out
// rows, with the weights of its best val_loss.

import type { Split } from "../data/split.ts";
import type { Device } from "../engine/core/device.ts";
import { UsageError } from "../engine/core/errors.ts";
import { type Basis, wholeTensors } from "../train/basis.ts";
import { crossValidate, type FoldResult, spread } from "../train/cross-validation.ts";
import type { DeviceData } from "../train/device-data.ts";
import type { TrainingPlan } from "../train/training.ts";
import type { CheckpointStore } from "../train/training-state.ts";
import type { TrialEvents } from "./train-trial.ts";
import type { Objective } from "./trial.ts";
import type { TrialJob, TrialModel, TrialRunner } from "./tuner.ts";

export interface FoldTrialOptions {
  readonly device: Device;
  readonly basis: Basis;
  readonly data: DeviceData;
  /** The same for every trial. */
  readonly splits: readonly Split[];
  /** `val_accuracy` or `val_loss`. */
  readonly objective: Objective;
  readonly seed: number;
  /** Epochs without a better val_loss before a fold stops; 0 never stops early. */
  readonly patience: number;
  readonly events?: (job: TrialJob<TrainingPlan>) => TrialEvents;
  /** Where the states of a trial's fold (from 0) are kept. Default nowhere. */
  readonly checkpointsOf?: (job: TrialJob<TrainingPlan>, fold: number) => Promise<CheckpointStore>;
}

export function foldTrials(options: FoldTrialOptions): TrialRunner<TrainingPlan> {
  const { device, basis, data, splits, objective, seed, patience, checkpointsOf } = options;
  const scoreOf = foldScore(objective);
  return async (job, signal) => {
    const { model, training } = job.plan;
    const models: TrialModel[] = [];
    const results = await crossValidate({
      device,
      model,
      basis,
      data,
      splits,
      training: { ...training, epochs: job.epochs, patience },
      seed,
      signal,
      ...options.events?.(job),
      checkpointsOf: checkpointsOf && ((fold) => checkpointsOf(job, fold)),
      onFold: ({ fold, bestEpoch, history }, trained) => {
        const weights = wholeTensors(basis, model, trained.weights);
        models.push({ fold: fold + 1, bestEpoch, history, weights });
      },
    });
    if (results.length < splits.length) return null;
    const folds = results.map(scoreOf);
    const history = results.flatMap(({ fold, history: logs }) =>
      logs.map((figures, epoch) => ({ fold: fold + 1, epoch: epoch + 1, ...figures })),
    );
    return { score: spread(folds).mean, bestEpoch: null, folds, history, message: null, models };
  };
}

function foldScore({ name }: Objective): (result: FoldResult) => number {
  if (name === "val_accuracy") return ({ heldOut }) => heldOut.accuracy;
  if (name === "val_loss") return ({ heldOut }) => heldOut.loss;
  throw new UsageError(`objective: folds are scored by val_accuracy or val_loss, got ${name}`, {
    argument: "objective",
  });
}
