// The trainer: replays a model's training step, epoch by epoch, with Keras's order of events. It prints nothing; it tells
// whoever listens, and hands out the state that it could go on from.

import { RandomState } from "../data/random-state.ts";
import type { Device } from "../engine/core/device.ts";
import { type Model, variablesOf } from "../engine/layers/model.ts";
import type { Variables, Weights } from "../engine/layers/variables.ts";
import { readMeters, resetMeters } from "../engine/ops/metrics.ts";
import { OptimizerState } from "../engine/optim/optimizer-state.ts";
import type { OptimizerValues } from "../engine/optim/optimizer-values.ts";
import type { Executable } from "../engine/program/executor.ts";
import type { Program } from "../engine/program/program.ts";
import { Workspace } from "../engine/program/workspace.ts";
import type { Callback, Logs, TrainingControl } from "./callbacks/callback.ts";
import { type DeviceData, rewindFeed } from "./device-data.ts";
import { DivergenceError, divergenceOf } from "./divergence-error.ts";
import { type Evaluation, Evaluator } from "./evaluator.ts";
import { lossScaleFor } from "./precision.ts";
import { type Supply, supplyOf } from "./rows/row-stream.ts";
import { type Due, dueStep, runSteps, type StepsRequest } from "./run-steps.ts";
import { figuresOf } from "./score.ts";
import type { EpochsOptions, TrainerOptions } from "./trainer-options.ts";
import {
  CheckpointClock,
  putState,
  type StatePlace,
  type TrainingState,
  takeState,
} from "./training-state.ts";
import { TrainingStep } from "./training-step.ts";

/** Metrics are read back no more often than this. */
const PROGRESS_MS = 250;

export class Trainer {
  readonly device: Device;
  readonly model: Model;
  readonly variables: Variables;
  readonly optimizerState: OptimizerState;
  /** Logs of the finished epochs. */
  readonly history: Logs[] = [];
  /** Milliseconds per training step, one figure for each submit. */
  readonly stepTimes: number[] = [];
  /** Of the finished epochs. */
  steps = 0;
  /** Weights as the last finished epoch left them, on the host: what is saved when the device is lost. */
  lastWeights: Weights;
  /** Moving averages then, whole with what has none; null where none are kept. */
  #averages: Weights | null = null;
  #isWarm = false;
  readonly #options: TrainerOptions;
  readonly #step: TrainingStep;
  readonly #evaluator: Evaluator;

  private constructor(options: TrainerOptions) {
    const { device, model, seed, optimizer, learningRate, loss, rungs = {} } = options;
    const { precision = "float32" } = options;
    this.#options = options;
    this.device = device;
    this.model = model;
    this.variables = variablesOf(model, seed, precision);
    const lossScale = lossScaleFor(device, options);
    this.optimizerState = new OptimizerState(optimizer, learningRate, lossScale);
    this.lastWeights = this.variables.initialWeights(options.pretrained);
    const workspace = new Workspace(device);
    const { variables, optimizerState } = this;
    this.#evaluator = new Evaluator({ device, model, variables, workspace, loss, rungs });
    this.#step = new TrainingStep({ ...options, variables, optimizerState, workspace });
  }

  /** Makes room for the model's variables and the optimiser's state, and compiles the training step. */
  static async create(options: TrainerOptions): Promise<Trainer> {
    const trainer = new Trainer(options);
    trainer.variables.materialise(options.device, trainer.lastWeights);
    trainer.optimizerState.materialise(options.device);
    if (options.optimizerValues)
      trainer.optimizerState.load(options.device, options.optimizerValues);
    await trainer.#step.executable();
    return trainer;
  }

  /** The recorded training step, of a whole batch. */
  get program(): Program {
    return this.#step.program;
  }

  /** After the steps so far, those before `optimizerValues` of the options included. */
  optimizerValues(): Promise<OptimizerValues> {
    const earlier = this.#options.optimizerValues?.steps ?? 0;
    return this.optimizerState.values(this.device, earlier + this.steps);
  }

  /** Dispatches of one training step, after the planner. */
  get dispatchesPerStep(): number {
    return this.#step.dispatches;
  }

  /** Median milliseconds of a training step; null while none was timed, as after a run of a single one. */
  get msPerStep(): number | null {
    return this.stepTimes.toSorted((a, b) => a - b)[Math.floor(this.stepTimes.length / 2)] ?? null;
  }

  /** `wasStopped`: by a callback. */
  async fit(options: EpochsOptions): Promise<{ readonly wasStopped: boolean }> {
    const { epochs, initialEpoch = 0, callbacks = [], signal, resume } = options;
    let stopped = resume?.isStopped ?? false;
    const control = this.#control(() => {
      stopped = true;
    });
    for (const callback of callbacks) await callback.onTrainBegin?.(control);
    if (resume) await this.#resume(callbacks, resume);
    const clock = options.checkpoints ? new CheckpointClock(options.checkpoints) : null;
    let { stepsOfEpoch: done } = resume ?? { stepsOfEpoch: 0 };
    const start = resume?.epoch ?? initialEpoch;
    for (let epoch = start; epoch < epochs && !stopped && !signal?.aborted; epoch++) {
      if (done === 0) {
        for (const callback of callbacks) await callback.onEpochBegin?.(epoch, control);
      }
      const logs = await this.#epoch({ epoch, done, clock }, options);
      if (!logs) {
        // The epoch under way does not count, so its steps are taken back.
        this.variables.load(this.device, this.lastWeights);
        break;
      }
      done = 0;
      this.lastWeights = await this.#snapshot();
      await this.#takeAverages();
      for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs, control);
      this.history.push(logs);
      await this.#checkpoint({ epoch: epoch + 1, done, isStopped: stopped, clock }, options);
      options.onEpochEnd?.(epoch + 1, logs);
    }
    if (this.#averages) this.variables.load(this.device, this.#averages);
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

  async #resume(callbacks: readonly Callback[], state: TrainingState): Promise<void> {
    await putState(this, callbacks, state);
    // Within an epoch they have gone on from where it began.
    if (state.stepsOfEpoch === 0 && state.history.length > 0) await this.#takeAverages();
  }

  async #takeAverages(): Promise<void> {
    const averages = await this.optimizerState.averages(this.device, this.variables);
    this.#averages = averages && new Map([...this.lastWeights, ...averages]);
  }

  async #snapshot(): Promise<Weights> {
    return new Map([...this.lastWeights, ...(await this.variables.snapshot(this.device))]);
  }

  /** One epoch, from the step that it stands at; null when it was interrupted. */
  async #epoch(place: EpochPlace, options: EpochsOptions): Promise<Logs | null> {
    const { rows, validationRows } = options;
    const { epoch, done } = place;
    const { batchSize, seed } = this.#options;
    const { feed, meters } = this.#step;
    const full = Math.floor(rows.length / batchSize);
    const rest = rows.length % batchSize;
    const order = shuffled(rows, seed, epoch);
    if (done === 0) {
      rewindFeed(this.device, feed, order);
      resetMeters(this.device, meters);
    } else if (feed.stream) feed.stream.order = order;
    await options.beforeSteps?.(epoch + 1, done);
    const total = full + (rest > 0 ? 1 : 0);
    if (!(await this.#wholeBatches(place, options, { full, total }))) return null;
    if (rest > 0) {
      this.#setRateOf(full);
      await feed.stream?.bring(full * batchSize, rest);
      (await this.#step.executable(rest)).run();
    }
    this.steps += total;
    await this.#checkWeights(epoch + 1);
    const own = figuresOf(await readMeters(this.device, meters));
    const scale = await this.#scaleLogs();
    if (validationRows.length === 0) return { ...own, ...scale };
    const { validationData = this.#options.data } = options;
    const validation = await this.evaluate(validationData, validationRows);
    const held = Object.entries(figuresOf(validation));
    const named = held.map(([name, value]) => [`val_${name}`, value] as const);
    return { ...own, ...Object.fromEntries(named), ...scale };
  }

  /** Of mixed precision: the scale of the next step, and the steps that were left out so far, where there were any. */
  async #scaleLogs(): Promise<Logs> {
    const values = await this.optimizerState.lossScale?.values(this.device);
    if (!values) return {};
    const { scale, skippedSteps } = values;
    return { loss_scale: scale, ...(skippedSteps > 0 && { skipped_steps: skippedSteps }) };
  }

  /** False when it was interrupted. */
  async #wholeBatches(
    { epoch, done: from, clock }: EpochPlace,
    options: EpochsOptions,
    { full, total }: { readonly full: number; readonly total: number },
  ): Promise<boolean> {
    const { signal } = options;
    const due = [...(options.due ?? []), ...this.#statisticsDue(options, epoch + 1)];
    const executable = await this.#step.executable();
    const supply = this.#supply();
    const first = from < full && !this.#isWarm ? 1 : 0;
    const slowly = (own: Executable) => this.#runSlowly(own, signal);
    if (first > 0) await supply?.bring(from, 1);
    if (first > 0) await dueStep(executable, due, this.steps + from + 1, slowly);
    if (signal?.aborted && !this.#isWarm) return false;
    options.onEpochBegin?.(epoch + 1, total);
    const keep = (done: number) =>
      this.#checkpoint({ epoch, done, isStopped: false, clock }, options);
    const pause = async (done: number) => {
      if (clock?.isDue) await keep(done);
      if (options.pauses?.isDue()) await options.pauses.work();
    };
    const report = this.#reporter(options, { epoch: epoch + 1, clock });
    const steps = { supply, from: from + first, to: full, earlier: this.steps, due };
    const done = await runSteps({ device: this.device, executable, ...steps, report, pause });
    if (!signal?.aborted) return true;
    if (done > from) await keep(done);
    return false;
  }

  /** What is brought before steps run: their rows, and their rate where each has its own, so that one is submitted at a time. */
  #supply(): Supply | null {
    const { rateOfStep, batchSize } = this.#options;
    const supply = supplyOf(this.#step.feed, batchSize);
    if (!rateOfStep) return supply;
    const bring = async (from: number, replays: number): Promise<void> => {
      this.#setRateOf(from);
      await supply?.bring(from, replays);
    };
    return { most: 1, bring };
  }

  /** Of the step of that number, from 0, in the epoch under way. */
  #setRateOf(step: number): void {
    const { rateOfStep, optimizerValues } = this.#options;
    if (!rateOfStep) return;
    const rate = rateOfStep((optimizerValues?.steps ?? 0) + this.steps + step);
    this.optimizerState.setLearningRate(this.device, rate);
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

  #reporter(
    { onProgress, signal, pauses }: EpochsOptions,
    { epoch, clock }: { readonly epoch: number; readonly clock: CheckpointClock | null },
  ): StepsRequest["report"] {
    let last = Number.NEGATIVE_INFINITY;
    return async (done, msPerStep) => {
      if (msPerStep !== null) this.stepTimes.push(msPerStep);
      if (performance.now() - last > PROGRESS_MS) {
        onProgress?.(done, await readMeters(this.device, this.#step.meters));
        await this.#checkWeights(epoch);
        last = performance.now();
      }
      if (signal?.aborted) return "stop";
      return clock?.isDue || pauses?.isDue() ? "pause" : "go on";
    };
  }

  /** Throws DivergenceError where weights are watched and one is no finite number any more: it never will be again. */
  async #checkWeights(epoch: number): Promise<void> {
    const { learningRate } = this.optimizerState;
    const count = await this.#step.countNonFinite();
    if (count > 0) throw new DivergenceError({ epoch, learningRate, what: "a weight" });
  }

  #statisticsDue({ statisticsEvery, onStatistics }: EpochsOptions, epoch: number): readonly Due[] {
    if (!statisticsEvery || !onStatistics) return [];
    const after = async (step: number): Promise<void> => {
      onStatistics(await (await this.#step.measured()).read(step), epoch);
    };
    const executable = async () => (await this.#step.measured()).executable;
    return [{ every: statisticsEvery, instead: { executable, after } }];
  }

  /** Hands the state out, if anybody wants it. */
  async #checkpoint(place: CheckpointPlace, options: EpochsOptions): Promise<void> {
    const { checkpoints, callbacks = [] } = options;
    const logs = place.done === 0 ? (this.history.at(-1) ?? {}) : {};
    // From weights that are no numbers, nobody would want to go on.
    if (!checkpoints || divergenceOf(logs, this.lastWeights) !== null) return;
    await checkpoints.save(await takeState(this, callbacks, place));
    place.clock?.restart();
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
      get averages() {
        return trainer.#averages;
      },
      stop,
      restore: (weights) => variables.load(device, weights),
    };
  }
}

interface EpochPlace {
  /** From 0. */
  readonly epoch: number;
  /** Steps of whole batches that it has had. */
  readonly done: number;
  readonly clock: CheckpointClock | null;
}

type CheckpointPlace = EpochPlace & StatePlace;

/** The rows in this epoch's order: the same for the same seed and epoch, whatever came before. */
function shuffled(rows: Uint32Array, seed: number, epoch: number): Uint32Array<ArrayBuffer> {
  const order = new RandomState([seed, epoch]).permutation(rows.length);
  return Uint32Array.from(order, (index) => rows[index] ?? 0);
}
