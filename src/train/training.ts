// How the commands train a model, as plain data that a run records: what `fit` is given follows from it.

import type { ModelConfig } from "../models/models.ts";
import { VAL_LOSS } from "./best-epoch.ts";
import { holdThenDecay } from "./callbacks/learning-rate-scheduler.ts";
import type { FitOptions } from "./fit.ts";

/** Adam under the study's schedule, the weights of the best val_loss kept. */
export type TrainingSettings = {
  /** At most. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Epochs without a better val_loss before it stops; 0 never stops early. */
  readonly patience: number;
};

/** A model and how it learns: what a tuner searches for. */
export interface TrainingPlan {
  readonly model: ModelConfig;
  readonly training: Pick<TrainingSettings, "learningRate" | "batchSize">;
}

export function fitSettings({ epochs, batchSize, learningRate, patience }: TrainingSettings) {
  return {
    ...{ epochs, batchSize, learningRate, patience },
    schedule: holdThenDecay,
    keepBest: VAL_LOSS,
  } satisfies Partial<FitOptions>;
}
