// Keras's callbacks as functions that make one, with Keras's arguments in camel case.

import { EarlyStopping, type EarlyStoppingConfig } from "../train/callbacks/early-stopping.ts";
import {
  LearningRateScheduler,
  type Schedule,
} from "../train/callbacks/learning-rate-scheduler.ts";
import {
  ModelCheckpoint,
  type ModelCheckpointConfig,
} from "../train/callbacks/model-checkpoint.ts";
import {
  ReduceLROnPlateau,
  type ReduceLROnPlateauConfig,
} from "../train/callbacks/reduce-lr-on-plateau.ts";
import { TerminateOnNaN } from "../train/callbacks/terminate-on-nan.ts";

/** Stops when a figure, by default val_loss, has not improved for `patience` epochs. */
export function earlyStopping(config: EarlyStoppingConfig = {}): EarlyStopping {
  return new EarlyStopping(config);
}

/** Multiplies the learning rate by `factor` when a figure has not improved for `patience` epochs. */
export function reduceLROnPlateau(config: ReduceLROnPlateauConfig = {}): ReduceLROnPlateau {
  return new ReduceLROnPlateau(config);
}

/** The rate of an epoch (from 0), given the one before. */
export function learningRateScheduler(schedule: Schedule): LearningRateScheduler {
  return new LearningRateScheduler(schedule);
}

/** Hands out weights after epochs, or after better ones only. */
export function modelCheckpoint(config: ModelCheckpointConfig): ModelCheckpoint {
  return new ModelCheckpoint(config);
}

/** Ends training on a loss that is NaN or infinite; `fit` has one already. */
export function terminateOnNaN(): TerminateOnNaN {
  return new TerminateOnNaN();
}
