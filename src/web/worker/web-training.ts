// A training in the page's worker: the same recipe as `npm run train`, told to the page by the same events as a watched run. What the page
// wants to see of it is done while it waits between two steps.

import type { Device } from "../../engine/core/device.ts";
import { DeviceLostError, messageOf, UsageError } from "../../engine/core/errors.ts";
import type { Model } from "../../engine/layers/model.ts";
import { gatherDocument } from "../../inspect/inspector/gather-document.ts";
import type { InspectorDocument } from "../../inspect/inspector/inspector-document.ts";
import { judgedBy } from "../../inspect/inspector/journeys.ts";
import type { StepSetup } from "../../inspect/step.ts";
import { bytesOf, fileOrder } from "../../io/safetensors-pieces.ts";
import { createModel, type ModelConfig, predictionOf } from "../../models/models.ts";
import type { Told } from "../../page/live/live-events.ts";
import type {
  InspectChoice,
  PictureChoice,
  SeenView,
  TrainedView,
  TrainingChoice,
} from "../../page/web/protocol.ts";
import { OPTIMIZER_BYTES } from "../../runs/optimizer-tensors.ts";
import { allRows, type DeviceData, forPrediction, uploadDataset } from "../../train/device-data.ts";
import { FitRun } from "../../train/fit.ts";
import { fitSettings, type TrainingSettings } from "../../train/training.ts";
import type { TrainingState } from "../../train/training-state.ts";
import { EpochPictures } from "../../watch/epoch-pictures.ts";
import { EventLog } from "../../watch/event-log.ts";
import { LayerTimes } from "../../watch/layer-times.ts";
import { LiveFit } from "../../watch/live-fit.ts";
import { Steering } from "../../watch/steering.ts";
import { sha256 } from "./digest.ts";
import { exampleNetwork } from "./example-models.ts";
import type { Basis, TrainedModel } from "./keras-models.ts";
import type { EditHost } from "./kernel-edits.ts";
import type { OpenedData, Stage } from "./open-data.ts";
import { runFiles, weightsOf } from "./saved-run.ts";
import { seePicture } from "./seeing.ts";
import {
  endingOf,
  type Plan,
  planOf,
  type Rows,
  runEvent,
  scoreView,
  settingsOfChoice,
} from "./training-words.ts";

export interface WebTrainingOptions {
  readonly device: Device;
  readonly data: OpenedData;
  readonly told: (event: Told) => void;
  readonly stage: Stage;
  /** Keeps where the training stands, at an epoch's end and now and then. */
  readonly keep: (state: TrainingState) => Promise<void>;
}

const CHECKPOINT_MINUTES = 1;

export class WebTraining {
  readonly #options: WebTrainingOptions;
  readonly #device: Device;
  readonly #log = new EventLog();
  readonly #fit = new LiveFit(this.#log);
  readonly #stopping = new AbortController();
  /** Questions that wait for the training to come between two steps. */
  readonly #looks: (() => Promise<void>)[] = [];
  #trained: Trained | null = null;
  #isTraining = false;
  #view: TrainedView | null = null;

  constructor(options: WebTrainingOptions) {
    this.#options = options;
    this.#device = options.device.scope();
    this.#log.listen(({ text }) => options.told(JSON.parse(text)));
  }

  /**
   * Once, from `basis` on. Throws UsageError for settings that do not go together, DivergenceError for a loss that is no number, DeviceLostError where the
   * device was lost: another training may go on from `resume` then, what was kept of this one.
   */
  async train(
    choice: TrainingChoice,
    basis: Basis,
    resume: TrainingState | null,
  ): Promise<TrainedView> {
    const plan = planOf(choice, basis, this.#options.data.train);
    this.#log.tell(runEvent({ ...plan, choice, adapter: this.#device.name }));
    const trained = await this.#prepare(plan, { choice, basis, resume });
    this.#trained = trained;
    this.#isTraining = true;
    try {
      await trained.run.train();
      const view = await this.#score(trained);
      this.#view = view;
      const { ended } = view;
      this.#log.tell({ type: "end", ended, message: endingOf(view), stays: true });
      return view;
    } catch (error) {
      // Whoever goes on from it has more to tell.
      if (error instanceof DeviceLostError) throw error;
      this.#log.tell({ type: "end", ended: "failed", message: messageOf(error), stays: true });
      throw error;
    } finally {
      this.#isTraining = false;
      await this.#serveLooks();
    }
  }

  /** In place of training: the model as it is, to be tried and looked into. Throws as `train` does. */
  async stand(choice: TrainingChoice, basis: Basis): Promise<void> {
    const plan = planOf(choice, basis, this.#options.data.train);
    this.#trained = await this.#prepare(plan, { choice, basis, resume: null });
  }

  stop(): null {
    if (!this.#stopping.signal.aborted && this.#isTraining) {
      this.#log.tell({ type: "stopping", isByPage: true });
    }
    this.#stopping.abort();
    return null;
  }

  setRate(rate: unknown): null {
    const { steering } = this.#known;
    steering.set(rate);
    return null;
  }

  /** Layer by layer, at the end of the epoch under way. */
  measure(): null {
    this.#known.times.request();
    return null;
  }

  /** The step on copies of the weights as they are now. */
  inspect({ step: kind, batchSize }: InspectChoice): Promise<InspectorDocument> {
    const { choice, config, model, placed, run, setup } = this.#known;
    const { data, stage } = this.#options;
    return this.#look(async () => {
      const weights = await run.variables.snapshot(run.device);
      const rungsMs = 5000;
      return gatherDocument({
        ...{ device: this.#device, setup: { ...setup, kind, batchSize, weights }, rungsMs },
        ...{ model: config.name, test: data.test, images: 8, isTrained: true },
        source: `${model.name}, trained here for ${run.steps} steps with seed ${choice.seed}, on ${placed.name}`,
        readLines: async () => null,
        onStage: stage,
        onCompile: (label, index, total) => stage(`compiling ${label}`, index / total),
      });
    });
  }

  see(choice: PictureChoice): Promise<SeenView> {
    const { choice: training, model, run, setup } = this.#known;
    const { train } = this.#options.data;
    const { device } = run;
    return this.#look(async () => {
      const weights = await run.variables.snapshot(device);
      const { seed } = training;
      return seePicture(choice, { ...judgedBy(setup), device, model, weights, seed, train });
    });
  }

  /** The run as a folder of files. Throws UsageError before its training has ended. */
  files(): Promise<Record<string, Uint8Array>> {
    const { choice, config, run, rows, training } = this.#known;
    const view = this.#view;
    if (!view) {
      throw new UsageError("save: is for a training that has ended, got one that has not");
    }
    const counts = { train: rows.train.length, heldOut: rows.heldOut.length };
    const { data } = this.#options;
    const weights = weightsOf(run);
    return runFiles({ choice, training, config, run, rows: counts, data, view, weights });
  }

  /** What a file of Keras's is made of. Throws UsageError before the first epoch's end. */
  kept(): TrainedModel {
    const { config, run, training } = this.#known;
    const { kept } = run;
    if (!kept) throw new UsageError("save: is for a model that has had an epoch, got none");
    return { config, training, weights: kept.weights, optimizer: kept.optimizer };
  }

  /** Runs work on what is trained between two steps; null before there is anything. */
  get between(): EditHost["between"] {
    if (!this.#trained) return null;
    const { run, setup } = this.#trained;
    return (work) =>
      this.#look(async () => {
        const weights = await run.variables.snapshot(run.device);
        return work({ device: this.#device, step: { ...setup, weights } });
      });
  }

  close(): void {
    this.#stopping.abort();
    this.#device.destroy();
  }

  get #known(): Trained {
    if (this.#trained) return this.#trained;
    throw new UsageError("model: is not trained yet, got a question about it");
  }

  async #prepare(
    { dataset, config, rows }: Plan,
    { choice, basis, resume }: Asked,
  ): Promise<Trained> {
    const device = this.#device;
    const model = exampleNetwork(choice.model, dataset) ?? createModel(config);
    const placed = forPrediction(uploadDataset(device, dataset), predictionOf(config));
    const { epochs, batchSize, seed } = choice;
    const training = { ...basis.optimisation, ...settingsOfChoice(choice) };
    const recipe = fitSettings(training);
    const { optimizer, loss, schedule } = recipe;
    const setup = { model, data: placed, batchSize, seed, optimizer, loss };
    const log = this.#log;
    const { signal } = this.#stopping;
    this.#fit.begin({ name: "run", epochs, batchSize, remaining: 0 });
    const steering = new Steering({ log, schedule, place: () => this.#fit.place });
    const times = new LayerTimes({ log, device, setup, signal });
    const isHeld = rows.heldOut.length > 0;
    const pictures = new EpochPictures({
      ...{ log, device, model, dataset },
      seen: { data: placed, rows: isHeld ? rows.heldOut : rows.train },
      of: isHeld ? "held-out" : "training",
    });
    const run = await FitRun.create(device, model, {
      ...recipe,
      ...this.#fit,
      callbacks: [steering, ...recipe.callbacks, pictures, times],
      train: { data: placed, rows: rows.train },
      validation: { data: placed, rows: rows.heldOut },
      ...{ initialWeights: basis.weights, initialOptimizer: basis.optimizer },
      optimizerBytes: OPTIMIZER_BYTES,
      ...{ seed, signal, resume: resume ?? undefined },
      checkpoints: { minutes: CHECKPOINT_MINUTES, save: this.#options.keep },
      pauses: { isDue: () => this.#looks.length > 0, work: () => this.#serveLooks() },
    });
    pictures.run = run;
    return { choice, config, model, placed, rows, run, setup, steering, times, training };
  }

  async #score({ config, run }: Trained): Promise<TrainedView> {
    const { data } = this.#options;
    const { ended } = run;
    const placed = uploadDataset(this.#device, data.test);
    if (!ended) throw new UsageError("train: has not ended, got a question about its end");
    const test =
      ended === "interrupted"
        ? null
        : await run.evaluate(allRows(forPrediction(placed, predictionOf(config))));
    return {
      ...{ ended, epochs: run.history.length, msPerStep: run.msPerStep },
      ...{ testRows: data.test.rows, adapter: this.#device.name },
      ...scoreView(test),
      weightsSha256: await sha256(
        fileOrder(weightsOf(run)).map(({ data: bytes }) => bytesOf(bytes)),
      ),
    };
  }

  /** While a training is under way, it waits between two steps until the work is done. */
  #look<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.#isTraining) return work();
    return new Promise((resolve, reject) => {
      this.#looks.push(() => work().then(resolve, reject));
    });
  }

  async #serveLooks(): Promise<void> {
    for (const work of this.#looks.splice(0)) await work();
  }
}

interface Asked {
  readonly choice: TrainingChoice;
  readonly basis: Basis;
  readonly resume: TrainingState | null;
}

interface Trained {
  readonly choice: TrainingChoice;
  readonly config: ModelConfig;
  readonly model: Model;
  readonly placed: DeviceData;
  readonly rows: Rows;
  readonly run: FitRun;
  readonly setup: Omit<StepSetup, "kind">;
  readonly steering: Steering;
  readonly times: LayerTimes;
  readonly training: TrainingSettings;
}
