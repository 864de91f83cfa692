// The trainer: compiles a model's programs for the batch sizes at hand and replays them, epoch by epoch, with Keras's
// order of events. It prints nothing; it tells whoever listens.

import { RandomState } from "../data/random-state.ts";
import type { Device } from "../engine/core/device.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import { classesOf, type Model, variablesOf } from "../engine/layers/model.ts";
import type { Variables, Weights } from "../engine/layers/variables.ts";
import type { Feed } from "../engine/ops/gather.ts";
import { createMeters, type Meters, readMeters, resetMeters } from "../engine/ops/metrics.ts";
import type { Optimizer } from "../engine/optim/optimizer.ts";
import { OptimizerState } from "../engine/optim/optimizer-state.ts";
import { Executable, Workspace } from "../engine/program/executor.ts";
import type { Program } from "../engine/program/program.ts";
import type { Callback, Logs, TrainingControl } from "./callbacks/callback.ts";
import { createFeed, type DeviceData, rewindFeed } from "./device-data.ts";
import { DivergenceError } from "./divergence-error.ts";
import { type Evaluation, Evaluator } from "./evaluator.ts";
import type { CompileEvents, EpochEvents } from "./fit-events.ts";
import type { PaceReport } from "./pace.ts";
import { recordMeasuredStep, recordTrainStep, type ScoredRequest } from "./programs.ts";
import { type Due, dueStep, runSteps } from "./run-steps.ts";
import { type StatisticsPlan, stepStatistics } from "./step-statistics.ts";

/** Metrics are read back no more often than this. */
const PROGRESS_MS = 250;

export interface TrainerOptions extends CompileEvents {
  readonly device: Device;
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly data: DeviceData;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Values to start from; variables that it does not name are initialised. */
  readonly pretrained?: Weights | undefined;
  readonly rungs?: Readonly<Record<string, string>> | undefined;
  /** Counts weights that are not finite after every step, and ends the run within a quarter of a second. Default false. */
  readonly watchNumbers?: boolean | undefined;
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
  /** An epoch (from 1) has its rows in order, and none of its steps has run; awaited. */
  readonly beforeSteps?: ((epoch: number) => Promise<void>) | undefined;
  /** Steps from one whose tensors are measured to the next: see onStatistics. Default: none is. */
  readonly statisticsEvery?: number | undefined;
  /** What is due between steps of whole batches. */
  readonly due?: readonly Due[] | undefined;
  /** Stops the run between steps; the epoch under way is not counted. */
  readonly signal?: AbortSignal | undefined;
}

export class Trainer {
  readonly device: Device;
  readonly model: Model;
  readonly variables: Variables;
  readonly optimizerState: OptimizerState;
  /** The recorded training step, of a whole batch. */
  readonly program: Program;
  /** Logs of the finished epochs. */
  readonly history: Logs[] = [];
  /** Milliseconds per training step, one figure for each submit. */
  readonly stepTimes: number[] = [];
  steps = 0;
  /** Weights as the last finished epoch left them, on the host: what is saved when the device is lost. */
  lastWeights: Weights;
  #isWarm = false;
  readonly #options: TrainerOptions;
  readonly #workspace: Workspace;
  readonly #meters: Meters;
  readonly #feed: Feed;
  readonly #evaluator: Evaluator;
  readonly #executables = new Map<number, Executable>();
  readonly #nonFinite: Tensor | null;
  #measured: { readonly executable: Executable; readonly plan: StatisticsPlan } | null = null;

  private constructor(options: TrainerOptions) {
    const { device, model, seed, optimizer, learningRate } = options;
    this.#options = options;
    this.device = device;
    this.model = model;
    this.variables = variablesOf(model, seed);
    this.optimizerState = new OptimizerState(optimizer, learningRate);
    this.#workspace = new Workspace(device);
    this.#meters = createMeters(device, classesOf(model));
    this.#feed = createFeed(device, options.data, options.data.rows, "train");
    this.#nonFinite = options.watchNumbers
      ? device.tensor([1], "train.nonFinite", undefined, "u32")
      : null;
    this.lastWeights = this.variables.initialWeights(options.pretrained);
    const { variables } = this;
    const workspace = this.#workspace;
    this.#evaluator = new Evaluator({
      device,
      model,
      variables,
      workspace,
      rungs: options.rungs ?? {},
    });
    this.program = this.#recordTrain(options.batchSize);
  }

  /** Makes room for the model's variables and the optimiser's state, and compiles the training step. */
  static async create(options: TrainerOptions): Promise<Trainer> {
    const trainer = new Trainer(options);
    trainer.variables.materialise(options.device, trainer.lastWeights);
    trainer.optimizerState.materialise(options.device);
    await trainer.#train(options.batchSize, () => trainer.program);
    return trainer;
  }

  /** Dispatches of one training step, after the planner. */
  get dispatchesPerStep(): number {
    return this.#executables.get(this.#options.batchSize)?.dispatches.length ?? 0;
  }

  /** Median milliseconds of a training step; null while none was timed, as after a run of a single one. */
  get msPerStep(): number | null {
    return this.stepTimes.toSorted((a, b) => a - b)[Math.floor(this.stepTimes.length / 2)] ?? null;
  }

  /** `wasStopped`: by a callback. */
  async fit(options: EpochsOptions): Promise<{ readonly wasStopped: boolean }> {
    const { epochs, initialEpoch = 0, callbacks = [], signal } = options;
    let stopped = false;
    const control = this.#control(() => {
      stopped = true;
    });
    for (const callback of callbacks) await callback.onTrainBegin?.(control);
    for (let epoch = initialEpoch; epoch < epochs && !stopped && !signal?.aborted; epoch++) {
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch, control);
      const logs = await this.#epoch(epoch, options);
      if (!logs) {
        // The epoch under way does not count, so its steps are taken back.
        this.variables.load(this.device, this.lastWeights);
        break;
      }
      this.lastWeights = await this.#snapshot();
      for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs, control);
      this.history.push(logs);
      options.onEpochEnd?.(epoch + 1, logs);
    }
    for (const callback of callbacks) await callback.onTrainEnd?.(control);
    this.lastWeights = await this.#snapshot();
    return { wasStopped: stopped };
  }

  /** Loss, accuracy and confusion over rows of a data set, with inference behaviour. */
  evaluate(data: DeviceData, rows: Uint32Array<ArrayBuffer>): Promise<Evaluation> {
    return this.#evaluator.evaluate(data, rows);
  }

  /** Class probabilities of rows of a data set, row by row. */
  predict(data: DeviceData, rows: Uint32Array<ArrayBuffer>): Promise<readonly Float32Array[]> {
    return this.#evaluator.predict(data, rows);
  }

  async #snapshot(): Promise<Weights> {
    return new Map([...this.lastWeights, ...(await this.variables.snapshot(this.device))]);
  }

  /** One epoch; null when it was interrupted. */
  async #epoch(epoch: number, options: EpochsOptions): Promise<Logs | null> {
    const { rows, validationRows, signal } = options;
    const { batchSize, seed } = this.#options;
    const full = Math.floor(rows.length / batchSize);
    const rest = rows.length % batchSize;
    rewindFeed(this.device, this.#feed, shuffled(rows, seed, epoch));
    resetMeters(this.device, this.#meters);
    await options.beforeSteps?.(epoch + 1);
    const due = [...(options.due ?? []), ...this.#statisticsDue(options, epoch + 1)];
    const executable = await this.#train(batchSize);
    const first = full > 0 && !this.#isWarm ? 1 : 0;
    if (first > 0) await dueStep(executable, due, 1, (own) => this.#runSlowly(own, signal));
    if (signal?.aborted) return null;
    const total = full + (rest > 0 ? 1 : 0);
    options.onEpochBegin?.(epoch + 1, total);
    const steps = { from: first, to: full, earlier: this.steps, due };
    const report = this.#reporter(options, epoch + 1);
    await runSteps({ device: this.device, executable, ...steps, report });
    if (signal?.aborted) return null;
    if (rest > 0) (await this.#train(rest)).run();
    this.steps += total;
    await this.#checkWeights(epoch + 1);
    const { loss, accuracy } = await readMeters(this.device, this.#meters);
    if (validationRows.length === 0) return { loss, accuracy };
    const { validationData = this.#options.data } = options;
    const validation = await this.evaluate(validationData, validationRows);
    return { loss, accuracy, val_loss: validation.loss, val_accuracy: validation.accuracy };
  }

  /** Runs the very first training step kernel by kernel, because each may compile for seconds. */
  async #runSlowly(executable: Executable, signal: AbortSignal | undefined): Promise<void> {
    const { length } = executable.dispatches;
    const { onCompile, onCompiled } = this.#options;
    await executable.runSlowly(({ kernel }, index) => {
      onCompile?.(kernel.label, index, length);
      return !signal?.aborted;
    });
    if (signal?.aborted) return;
    onCompiled?.(length);
    this.#isWarm = true;
  }

  #reporter({ onProgress, signal }: EpochsOptions, epoch: number): PaceReport {
    let last = Number.NEGATIVE_INFINITY;
    return async (done, msPerStep) => {
      this.stepTimes.push(msPerStep);
      if (performance.now() - last > PROGRESS_MS) {
        onProgress?.(done, await readMeters(this.device, this.#meters));
        await this.#checkWeights(epoch);
        last = performance.now();
      }
      return !signal?.aborted;
    };
  }

  /** Throws DivergenceError where weights are watched and one is no finite number any more: it never will be again. */
  async #checkWeights(epoch: number): Promise<void> {
    if (!this.#nonFinite) return;
    const [count = 0] = new Uint32Array(await this.device.read(this.#nonFinite));
    const { learningRate } = this.optimizerState;
    if (count > 0) throw new DivergenceError({ epoch, learningRate, what: "a weight" });
  }

  #statisticsDue({ statisticsEvery, onStatistics }: EpochsOptions, epoch: number): readonly Due[] {
    if (!statisticsEvery || !onStatistics) return [];
    const after = async (step: number): Promise<void> => {
      const { executable, plan } = await this.#measuring();
      onStatistics(stepStatistics(plan, await executable.readBytes(plan.records), step), epoch);
    };
    const instead = { executable: async () => (await this.#measuring()).executable, after };
    return [{ every: statisticsEvery, instead }];
  }

  #control(stop: () => void): TrainingControl {
    const { device, variables, optimizerState } = this;
    const trainer = this;
    return {
      get learningRate() {
        return optimizerState.learningRate;
      },
      set learningRate(value: number) {
        optimizerState.setLearningRate(device, value);
      },
      get weights() {
        return trainer.lastWeights;
      },
      stop,
      restore: (weights) => variables.load(device, weights),
    };
  }

  #recordTrain(batch: number): Program {
    const watch = { nonFinite: this.#nonFinite };
    return recordTrainStep(this.#request(batch), this.optimizerState, watch);
  }

  #request(batch: number): ScoredRequest {
    const { model, variables, device: capabilities } = this;
    const { rungs = {} } = this.#options;
    const request = { model, variables, feed: this.#feed, meters: this.#meters, batch };
    return { ...request, capabilities, rungs };
  }

  /** The step of a whole batch that measures itself, recorded when one is first due. */
  async #measuring() {
    if (!this.#measured) {
      const watch = { nonFinite: this.#nonFinite };
      const request = this.#request(this.#options.batchSize);
      const { program, statistics: plan } = recordMeasuredStep(request, this.optimizerState, watch);
      const executable = await Executable.compile(this.device, program, this.#workspace);
      this.#measured = { executable, plan };
    }
    return this.#measured;
  }

  async #train(batch: number, record = () => this.#recordTrain(batch)): Promise<Executable> {
    let executable = this.#executables.get(batch);
    if (!executable) {
      executable = await Executable.compile(this.device, record(), this.#workspace);
      this.#executables.set(batch, executable);
    }
    return executable;
  }
}

/** The rows in this epoch's order: the same for the same seed and epoch, whatever came before. */
function shuffled(rows: Uint32Array, seed: number, epoch: number): Uint32Array<ArrayBuffer> {
  const order = new RandomState([seed, epoch]).permutation(rows.length);
  return Uint32Array.from(order, (index) => rows[index] ?? 0);
}
