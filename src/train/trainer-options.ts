// What a trainer is made of, and what a training by it is asked for.

import type { Device } from "../engine/core/device.ts";
import type { Model } from "../engine/layers/model.ts";
import type { Precision, Weights } from "../engine/layers/variables.ts";
import type { Loss } from "../engine/ops/loss/loss.ts";
import type { LossScaleConfig } from "../engine/optim/loss-scale.ts";
import type { Optimizer } from "../engine/optim/optimizer.ts";
import type { OptimizerValues } from "../engine/optim/optimizer-values.ts";
import type { Augment } from "./augment.ts";
import type { Callback } from "./callbacks/callback.ts";
import type { DeviceData } from "./device-data.ts";
import type { CompileEvents, EpochEvents } from "./fit-events.ts";
import type { Due } from "./run-steps.ts";
import type { Checkpointing, TrainingState } from "./training-state.ts";

export interface TrainerOptions extends CompileEvents {
  readonly device: Device;
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly data: DeviceData;
  /** Default categorical cross-entropy. */
  readonly loss?: Loss | undefined;
  readonly batchSize: number;
  readonly learningRate: number;
  /** The rate of each step, by the steps that the optimiser has had; default: it stays until it is set. */
  readonly rateOfStep?: ((steps: number) => number) | undefined;
  readonly seed: number;
  /** Values to start from; variables that it does not name are initialised. */
  readonly pretrained?: Weights | undefined;
  /** What an optimiser of the same kind came to, to go on from. */
  readonly optimizerValues?: OptimizerValues | undefined;
  readonly rungs?: Readonly<Record<string, string>> | undefined;
  /** Default `float32`; `mixed` computes the training step in f16, with weights, sums and loss in f32. */
  readonly precision?: Precision | undefined;
  /** Of mixed precision; default Keras's rules from 2^15 on. */
  readonly lossScale?: LossScaleConfig | undefined;
  /** Counts weights that are not finite after every step, and ends the run within a quarter of a second. Default false. */
  readonly watchNumbers?: boolean | undefined;
  /** What a training step does to its images first; default nothing. */
  readonly augment?: Augment | undefined;
}

/** What the host wants to do while training waits, between two steps and with none under way. */
export interface Pauses {
  readonly isDue: () => boolean;
  readonly work: () => Promise<void>;
}

export interface EpochsOptions extends EpochEvents {
  /** Rows of the training data to train on. */
  readonly rows: Uint32Array<ArrayBuffer>;
  /** Rows scored after every epoch, held out from training; may be none. */
  readonly validationRows: Uint32Array<ArrayBuffer>;
  /** That these are of; default: the training data. */
  readonly validationData?: DeviceData | undefined;
  /** Number of the last epoch, from 1. */
  readonly epochs: number;
  /** Epochs that an earlier run has had: numbers, shuffling and schedule go on from there. Default 0. */
  readonly initialEpoch?: number | undefined;
  readonly callbacks?: readonly Callback[];
  /** An epoch (from 1) has its rows in order, and so many of its steps have run: none, but where it is resumed; awaited. */
  readonly beforeSteps?: ((epoch: number, done: number) => Promise<void>) | undefined;
  /** Steps from one whose tensors are measured to the next: see onStatistics. Default: none is. */
  readonly statisticsEvery?: number | undefined;
  /** What is due between steps of whole batches. */
  readonly due?: readonly Due[] | undefined;
  readonly pauses?: Pauses | undefined;
  /** The state that an earlier run of the same training left, to go on from. */
  readonly resume?: TrainingState | undefined;
  readonly checkpoints?: Checkpointing | undefined;
  /** Stops the run between steps; the epoch under way is not counted. */
  readonly signal?: AbortSignal | undefined;
}
