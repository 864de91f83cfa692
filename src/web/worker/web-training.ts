// A training in the page's worker: the same recipe as `npm run train`, told to the page by the same events as a watched run. What the page
// wants to see of it is done while it waits between two steps.

import { type Dataset, firstRows, limitRows } from "../../data/dataset.ts";
import { trainTestSplit } from "../../data/split.ts";
import type { Device } from "../../engine/core/device.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { type Model, variablesOf } from "../../engine/layers/model.ts";
import { OPTIMIZER_NAMES, type OptimizerName } from "../../engine/optim/create-optimizer.ts";
import { gatherDocument } from "../../inspect/inspector/gather-document.ts";
import type { InspectorDocument } from "../../inspect/inspector/inspector-document.ts";
import type { StepSetup } from "../../inspect/step.ts";
import { forData } from "../../models/for-data.ts";
import { createModel, type ModelConfig } from "../../models/models.ts";
import type { RunEvent, Told } from "../../page/live/live-events.ts";
import type {
  InspectChoice,
  PictureChoice,
  SeenView,
  TrainedView,
  TrainingChoice,
} from "../../page/web/protocol.ts";
import { allRows, type DeviceData, uploadDataset } from "../../train/device-data.ts";
import { FitRun } from "../../train/fit.ts";
import { namedTensors } from "../../train/named-tensors.ts";
import { fitSettings, type TrainingSettings } from "../../train/training.ts";
import { EpochPictures } from "../../watch/epoch-pictures.ts";
import { EventLog } from "../../watch/event-log.ts";
import { LayerTimes } from "../../watch/layer-times.ts";
import { LiveFit } from "../../watch/live-fit.ts";
import { Steering } from "../../watch/steering.ts";
import { basisOf, type OpenedModel, type TrainedModel } from "./keras-models.ts";
import type { OpenedData, Stage } from "./open-data.ts";
import { seePicture } from "./seeing.ts";
import { weightsDigest } from "./weights-digest.ts";

export interface WebTrainingOptions {
  readonly device: Device;
  readonly data: OpenedData;
  /** The model that was dropped, where one was. */
  readonly opened: OpenedModel | null;
  readonly told: (event: Told) => void;
  readonly stage: Stage;
}

/** What an optimiser came to is kept beside the weights up to this size. */
const OPTIMIZER_BYTES = 128 * 2 ** 20;

/** A question that waits for the training to come between two steps. */
interface Look {
  readonly work: () => Promise<void>;
}

export class WebTraining {
  readonly #options: WebTrainingOptions;
  readonly #device: Device;
  readonly #log = new EventLog();
  readonly #fit = new LiveFit(this.#log);
  readonly #stopping = new AbortController();
  readonly #looks: Look[] = [];
  #trained: Trained | null = null;
  #isTraining = false;

  constructor(options: WebTrainingOptions) {
    this.#options = options;
    this.#device = options.device.scope();
    this.#log.listen(({ text }) => options.told(JSON.parse(text)));
  }

  /** Once. Throws UsageError for settings that do not go together, DivergenceError for a loss that is no number. */
  async train(choice: TrainingChoice): Promise<TrainedView> {
    const trained = await this.#prepare(choice);
    this.#trained = trained;
    this.#isTraining = true;
    try {
      await trained.run.train();
      const view = await this.#score(trained);
      const { ended } = view;
      this.#log.tell({ type: "end", ended, message: endingOf(view), stays: true });
      return view;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#log.tell({ type: "end", ended: "failed", message, stays: true });
      throw error;
    } finally {
      this.#isTraining = false;
      await this.#serveLooks();
    }
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
    const { choice: training, model, run } = this.#known;
    const { train } = this.#options.data;
    const { device } = run;
    return this.#look(async () => {
      const weights = await run.variables.snapshot(device);
      return seePicture(choice, { device, model, weights, seed: training.seed, train });
    });
  }

  /** What is kept of it. Throws UsageError before the first epoch's end. */
  trained(): TrainedModel {
    const { config, run, training } = this.#known;
    const { kept } = run;
    if (!kept)
      throw new UsageError("model: has no finished epoch yet, got a question for its file");
    return { config, training, weights: kept.weights, optimizer: kept.optimizer };
  }

  close(): void {
    this.#stopping.abort();
    this.#device.destroy();
  }

  get #known(): Trained {
    if (this.#trained) return this.#trained;
    throw new UsageError("model: is not trained yet, got a question about it");
  }

  async #prepare(choice: TrainingChoice): Promise<Trained> {
    const { data } = this.#options;
    const device = this.#device;
    const dataset = limitRows(data.train, choice.limit ?? undefined);
    const basis = basisOf(choice, this.#options.opened);
    const config = forData(basis.config, dataset);
    const model = createModel(config);
    const rows = splitOf(dataset, choice);
    this.#log.tell(runEvent({ choice, config, dataset, adapter: device.name, rows }));
    const placed = uploadDataset(device, dataset);
    const { optimizer: name, epochs, batchSize, learningRate, patience, seed } = choice;
    const training = {
      ...{ ...basis.optimisation, optimizer: optimizerName(name) },
      ...{ epochs, batchSize, learningRate, patience },
    };
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
      ...{ seed, signal },
      pauses: { isDue: () => this.#looks.length > 0, work: () => this.#serveLooks() },
    });
    pictures.run = run;
    return { choice, config, model, placed, run, setup, steering, times, training };
  }

  async #score({ run, config }: Trained): Promise<TrainedView> {
    const { data } = this.#options;
    const { ended } = run;
    if (!ended) throw new UsageError("train: has not ended, got a question about its end");
    const test =
      ended === "interrupted"
        ? null
        : await run.evaluate(allRows(uploadDataset(this.#device, data.test)));
    const weights = namedTensors(variablesOf(createModel(config)), run.weights);
    return {
      ...{ ended, epochs: run.history.length, msPerStep: run.msPerStep },
      ...{ testRows: data.test.rows, adapter: this.#device.name },
      ...{ testLoss: test?.loss ?? null, testAccuracy: test?.accuracy ?? null },
      weightsSha256: await weightsDigest(weights),
    };
  }

  /** While a training is under way, it waits between two steps until the work is done. */
  #look<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.#isTraining) return work();
    return new Promise((resolve, reject) => {
      this.#looks.push({ work: () => work().then(resolve, reject) });
    });
  }

  async #serveLooks(): Promise<void> {
    for (const { work } of this.#looks.splice(0)) await work();
  }
}

interface Trained {
  readonly choice: TrainingChoice;
  readonly config: ModelConfig;
  readonly model: Model;
  readonly placed: DeviceData;
  readonly run: FitRun;
  readonly setup: Omit<StepSetup, "kind">;
  readonly steering: Steering;
  readonly times: LayerTimes;
  readonly training: TrainingSettings;
}

interface Rows {
  readonly train: Uint32Array<ArrayBuffer>;
  readonly heldOut: Uint32Array<ArrayBuffer>;
}

/** As `npm run train` holds rows out. */
function splitOf(
  { rows, labels }: Dataset,
  { validation, seed }: Pick<TrainingChoice, "validation" | "seed">,
): Rows {
  if (validation === 0) return { train: firstRows(rows), heldOut: new Uint32Array() };
  const { train, test } = trainTestSplit({ rows, testSize: validation, seed, stratify: labels });
  return { train: Uint32Array.from(train), heldOut: Uint32Array.from(test) };
}

function optimizerName(name: string): OptimizerName {
  const known = OPTIMIZER_NAMES.find((one) => one === name);
  if (known) return known;
  throw new UsageError(`optimizer: must be one of ${OPTIMIZER_NAMES.join(", ")}, got ${name}`);
}

function runEvent(of: {
  readonly choice: TrainingChoice;
  readonly config: ModelConfig;
  readonly dataset: Dataset;
  readonly adapter: string;
  readonly rows: Rows;
}): RunEvent {
  const { choice, config, dataset, adapter, rows } = of;
  return {
    ...{ type: "run", command: "train", model: config.name, epochs: choice.epochs },
    ...{ classNames: dataset.classNames, hasRate: true, parts: null },
    facts: [
      ["adapter", adapter],
      ["rows", `${rows.train.length} to train on, ${rows.heldOut.length} held out`],
      ["batch", String(choice.batchSize)],
      ["optimiser", `${choice.optimizer}, learning rate ${choice.learningRate}`],
      ["seed", String(choice.seed)],
    ],
  };
}

function endingOf({ testAccuracy, epochs }: TrainedView): string {
  if (testAccuracy === null) return `${epochs} epochs are kept`;
  return `test accuracy ${(100 * testAccuracy).toFixed(2)} %`;
}
