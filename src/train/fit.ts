// Training, from a model and rows to weights that can be used: the one recipe behind `train`, folds, trials and the study.
// Schedule, best epoch, early stopping and the watch for NaN belong to it; files and terminals do not.

import type { Device } from "../engine/core/device.ts";
import { labelsOf, type Model } from "../engine/layers/model.ts";
import type { Precision, Variables, Weights } from "../engine/layers/variables.ts";
import type { Loss } from "../engine/ops/loss/loss.ts";
import { adam } from "../engine/optim/adam.ts";
import { withEma } from "../engine/optim/ema.ts";
import type { LossScaleConfig } from "../engine/optim/loss-scale.ts";
import type { Optimizer } from "../engine/optim/optimizer.ts";
import type { OptimizerValues } from "../engine/optim/optimizer-values.ts";
import type { Program } from "../engine/program/program.ts";
import type { Augment } from "./augment.ts";
import { BestEpoch, type KeptEpoch, type Monitor } from "./best-epoch.ts";
import type { Callback, Logs } from "./callbacks/callback.ts";
import { EarlyStopping } from "./callbacks/early-stopping.ts";
import {
  LearningRateLog,
  LearningRateScheduler,
  type Schedule,
} from "./callbacks/learning-rate-scheduler.ts";
import { TerminateOnNaN } from "./callbacks/terminate-on-nan.ts";
import { type ClassWeight, weightedRows } from "./class-weights.ts";
import type { DataRows } from "./device-data.ts";
import { DivergenceError } from "./divergence-error.ts";
import type { Evaluation } from "./evaluator.ts";
import type { FitEvents } from "./fit-events.ts";
import { type Score, scoreOf } from "./score.ts";
import { Trainer } from "./trainer.ts";
import type { Pauses } from "./trainer-options.ts";
import type { Checkpointing, TrainingState } from "./training-state.ts";

export interface FitOptions extends FitEvents {
  readonly train: DataRows;
  /** Scored after every epoch; default none. */
  readonly validation?: DataRows | undefined;
  /**
   * What a row counts for in the loss that is trained on: weights by class number, where the others count 1, or `balanced`, rows /
   * (classes · rows of the class). The loss is divided by the rows all the same. Default: every row counts 1.
   */
  readonly classWeight?: ClassWeight | undefined;
  /** Default Adam with Keras's settings. */
  readonly optimizer?: Optimizer | undefined;
  /** Default categorical cross-entropy. */
  readonly loss?: Loss | undefined;
  /**
   * Keeps an exponential moving average of the weights, which takes their place at the end; with `keepBest`, that of the kept
   * epoch does. Training and validation go by the weights themselves. Default false.
   */
  readonly useEma?: boolean | undefined;
  /** Of those averages, from 0 to 1; default 0.99. */
  readonly emaMomentum?: number | undefined;
  readonly learningRate: number;
  readonly batchSize: number;
  /**
   * `mixed`: the training step computes in f16, as Keras's mixed_float16 does, with weights, moments, sums and loss in f32 and a loss
   * scale; needs an adapter with f16. Scores and predictions are f32 either way. Default `float32`.
   */
  readonly precision?: Precision | undefined;
  /** Of mixed precision; default from 2^15 on, doubled after 2000 finite steps, halved with a step that is left out. */
  readonly lossScale?: LossScaleConfig | undefined;
  /** Number of the last epoch, from 1. */
  readonly epochs: number;
  /** Of weights, shuffling and dropout. */
  readonly seed: number;
  /** The rate of each epoch, which is then logged as `lr`; default: it stays, unless a callback changes it. */
  readonly schedule?: Schedule | undefined;
  /**
   * The rate of each step, in place of `schedule`, by the steps that the optimiser has had, those of `initialOptimizer` included; that
   * of an epoch's last step is logged as `lr`. Steps that mixed precision leaves out count too. Default: rates go by epochs.
   */
  readonly rateOfStep?: ((steps: number) => number) | undefined;
  /** Epochs without a better val_loss before training stops; default and 0: it never stops early. */
  readonly patience?: number | undefined;
  /** The figure whose best epoch's weights are brought back at the end; default none: the last epoch's stay. */
  readonly keepBest?: Monitor | undefined;
  /** Keeps what the optimiser came to in the kept epoch, where its slots have no more bytes; default: it does not. */
  readonly optimizerBytes?: number | undefined;
  /** Epochs that an earlier run has had: numbers, shuffling and schedule go on from there. Default 0. */
  readonly initialEpoch?: number | undefined;
  /** Values to start from; variables that it does not name are initialised by the seed. */
  readonly initialWeights?: Weights | undefined;
  /** What an optimiser of the same kind came to with them; default: it begins anew. */
  readonly initialOptimizer?: OptimizerValues | undefined;
  /** An epoch (from 1) has its rows in order, and none of its steps has run; awaited. */
  readonly beforeSteps?: ((run: FitRun, epoch: number, done: number) => Promise<void>) | undefined;
  /** Steps from one whose tensors are measured to the next, which `onStatistics` is told of; default none is. */
  readonly statisticsEvery?: number | undefined;
  /** Counts weights that are not finite after every step, and ends the run soon after the first. Default false. */
  readonly watchNumbers?: boolean | undefined;
  /** What is done to the images on their way to the model, anew each step; never to those of `validation`. Default nothing. */
  readonly augment?: Augment | undefined;
  /** Before every n-th step of a whole batch, counted from 1; awaited. */
  readonly beforeStep?:
    | {
        readonly every: number;
        /** Told which step is about to run. */
        readonly run: (fit: FitRun, step: number) => Promise<void>;
      }
    | undefined;
  /** After those of the recipe, in this order. */
  readonly callbacks?: readonly Callback[] | undefined;
  readonly pauses?: Pauses | undefined;
  /** The state that an earlier run of the same training left: epochs, history and callbacks go on from there. */
  readonly resume?: TrainingState | undefined;
  /** Hands out states to go on from. */
  readonly checkpoints?: Checkpointing | undefined;
  /** Ends training between two steps; the epoch under way is not counted. */
  readonly signal?: AbortSignal | undefined;
  /** Kernel variants to use, by ladder; default: the best that the adapter runs. */
  readonly rungs?: Readonly<Record<string, string>> | undefined;
}

/** `early`: a callback stopped it. */
export type FitEnd = "finished" | "early" | "interrupted";

/** Trains the model. Throws DivergenceError when the loss becomes NaN or infinite. */
export async function fit(device: Device, model: Model, options: FitOptions): Promise<FitRun> {
  const run = await FitRun.create(device, model, options);
  await run.train();
  return run;
}

/** A training and what it leaves. Made by itself, it can be asked what it has even if the training fails. */
export class FitRun {
  readonly #trainer: Trainer;
  readonly #options: FitOptions;
  readonly #best: BestEpoch | null;
  #ended: FitEnd | null = null;
  #isDiverged = false;
  /** After the last epoch, where that is the one kept. */
  #lastOptimizer: OptimizerValues | null = null;

  private constructor(trainer: Trainer, options: FitOptions) {
    this.#trainer = trainer;
    this.#options = options;
    const { keepBest } = options;
    const optimizer = () => this.#optimizerValues();
    this.#best = keepBest ? new BestEpoch(keepBest, { optimizer }) : null;
  }

  /** Records and compiles the training step; nothing is trained yet. */
  static async create(device: Device, model: Model, options: FitOptions): Promise<FitRun> {
    const { optimizer: plain = adam(), useEma, emaMomentum } = options;
    const { schedule, initialEpoch = 0, loss, batchSize, learningRate, seed } = options;
    const train = await weighted(device, model, options);
    const optimizer = useEma ? withEma(plain, emaMomentum) : plain;
    const trainer = await Trainer.create({
      ...{ device, model, optimizer, loss, batchSize, seed },
      data: train.data,
      pretrained: options.initialWeights,
      optimizerValues: options.initialOptimizer,
      learningRate: schedule ? rateAfter(schedule, initialEpoch, learningRate) : learningRate,
      rateOfStep: options.rateOfStep,
      rungs: options.rungs,
      watchNumbers: options.watchNumbers,
      ...{ precision: options.precision, lossScale: options.lossScale },
      augment: options.augment,
      onCompile: options.onCompile,
      onCompiled: options.onCompiled,
    });
    return new FitRun(trainer, options);
  }

  /** Once. Throws DivergenceError when the loss becomes NaN or infinite. */
  async train(): Promise<void> {
    const { schedule, rateOfStep, patience = 0, callbacks = [] } = this.#options;
    const { learningRate, signal } = this.#options;
    const notANumber = new TerminateOnNaN();
    const { wasStopped } = await this.#trainer.fit({
      ...this.#epochs(),
      callbacks: [
        ...(schedule ? [new LearningRateScheduler(schedule)] : []),
        ...(rateOfStep ? [new LearningRateLog()] : []),
        ...(this.#best ? [this.#best] : []),
        ...(patience > 0 ? [new EarlyStopping({ patience })] : []),
        notANumber,
        ...callbacks,
      ],
    });
    const { stoppedEpoch, what } = notANumber;
    if (stoppedEpoch !== null && what !== null) {
      this.#isDiverged = true;
      throw new DivergenceError({ epoch: stoppedEpoch + 1, learningRate, what });
    }
    this.#ended = signal?.aborted ? "interrupted" : wasStopped ? "early" : "finished";
    await this.#keepLast();
  }

  /** Of an epoch that was interrupted, the optimiser has had steps that the weights are rid of. */
  async #keepLast(): Promise<void> {
    if (this.#best?.kept || this.#ended === "interrupted") return;
    this.#lastOptimizer = await this.#optimizerValues();
  }

  /** Null where they are not to be kept. */
  async #optimizerValues(): Promise<OptimizerValues | null> {
    const { optimizerBytes = -1 } = this.#options;
    if (this.#trainer.optimizerState.bytes > optimizerBytes) return null;
    return this.#trainer.optimizerValues();
  }

  #epochs() {
    const { train, validation, epochs, initialEpoch, signal } = this.#options;
    const { onEpochBegin, onProgress, onEpochEnd, beforeSteps, beforeStep } = this.#options;
    const { onStatistics, statisticsEvery, resume, checkpoints, pauses } = this.#options;
    return {
      rows: train.rows,
      validationRows: validation?.rows ?? new Uint32Array(),
      validationData: validation?.data,
      ...{ epochs, initialEpoch, signal, onEpochBegin, onProgress, onEpochEnd },
      ...{ onStatistics, statisticsEvery, resume, checkpoints, pauses },
      due: beforeStep && [
        { every: beforeStep.every, before: (step: number) => beforeStep.run(this, step) },
      ],
      beforeSteps: beforeSteps && ((epoch: number, done: number) => beforeSteps(this, epoch, done)),
    };
  }

  /** How it ended; null while it trains, and when it failed. */
  get ended(): FitEnd | null {
    return this.#ended;
  }

  /** Logs of the finished epochs. */
  get history(): readonly Logs[] {
    return this.#trainer.history;
  }

  /**
   * The epoch that is kept: the best by `keepBest`, else the last that was finished; null before there is one that is of
   * numbers only.
   */
  get kept(): KeptEpoch | null {
    const best = this.#best?.kept;
    if (best || this.#isDiverged) return best ?? null;
    const { history, lastWeights: weights } = this.#trainer;
    const logs = history.at(-1);
    const { initialEpoch = 0 } = this.#options;
    const optimizer = this.#lastOptimizer;
    return logs ? { epoch: initialEpoch + history.length, logs, weights, optimizer } : null;
  }

  /** By name: those of the kept epoch when training is over, those of the last finished one before. */
  get weights(): Weights {
    return this.#trainer.lastWeights;
  }

  get variables(): Variables {
    return this.#trainer.variables;
  }

  get device(): Device {
    return this.#trainer.device;
  }

  get model(): Model {
    return this.#trainer.model;
  }

  /** The recorded training step. */
  get program(): Program {
    return this.#trainer.program;
  }

  /** Training steps done. */
  get steps(): number {
    return this.#trainer.steps;
  }

  /** Median milliseconds of a training step; null while none was timed. */
  get msPerStep(): number | null {
    return this.#trainer.msPerStep;
  }

  /** Loss, accuracy and confusion (of numbers the mean absolute error), with inference behaviour. */
  evaluate({ data, rows }: DataRows): Promise<Evaluation> {
    return this.#trainer.evaluate(data, rows);
  }

  async score(held: DataRows): Promise<Score> {
    return scoreOf(await this.evaluate(held));
  }

  /** What the model gives, class probabilities for instance, row by row. */
  predict({ data, rows }: DataRows): Promise<readonly Float32Array[]> {
    return this.#trainer.predict(data, rows);
  }
}

/** The rows to train on, weighted by their classes where that is asked for. */
export async function weighted(
  device: Device,
  model: Model,
  { train, classWeight }: Pick<FitOptions, "train" | "classWeight">,
): Promise<DataRows> {
  if (classWeight === undefined) return train;
  const classes = train.data.targets === undefined ? labelsOf(model) : 1;
  return weightedRows(device, train, { classWeight, classes });
}

/** The rate that a schedule leaves after so many epochs. */
function rateAfter(schedule: Schedule, epochs: number, learningRate: number): number {
  let rate = learningRate;
  for (let epoch = 0; epoch < epochs; epoch++) rate = schedule(epoch, rate);
  return rate;
}
