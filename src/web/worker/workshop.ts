// What the worker has: an adapter, data, and the training of the moment. Each of the page's questions is answered by one method, one
// after another but for those that steer a training under way.

import { Device } from "../../engine/core/device.ts";
import { DeviceError, DeviceLostError, UsageError } from "../../engine/core/errors.ts";
import { OPTIMIZER_NAMES } from "../../engine/optim/create-optimizer.ts";
import { bytesOf } from "../../io/safetensors-pieces.ts";
import { modelLoss } from "../../models/models.ts";
import type { Told } from "../../page/live/live-events.ts";
import type {
  Actions,
  AdapterView,
  DataChoice,
  DatasetView,
  FileView,
  MeasuredView,
  TrainedView,
  TrainingChoice,
} from "../../page/web/protocol.ts";
import { sha256 } from "./digest.ts";
import { readDroppedData } from "./dropped-data.ts";
import { exampleConfig, exampleViews } from "./example-models.ts";
import {
  forgetTraining,
  keepTraining,
  keptBasis,
  keptTraining,
  keptView,
} from "./kept-training.ts";
import { type Basis, basisOf, KerasModels } from "./keras-models.ts";
import { KernelEdits } from "./kernel-edits.ts";
import { measurableNames, measureKernels } from "./measuring.ts";
import { modelViews } from "./model-views.ts";
import { type OpenedData, openedData, readSiteData, viewOfData } from "./open-data.ts";
import { zipped } from "./saved-run.ts";
import { WebTraining, type WebTrainingOptions } from "./web-training.ts";

export interface WorkshopEvents {
  /** Where the page's files lie. */
  readonly site: URL;
  /** Seconds that a file of Keras's may take to be read. */
  readonly patience: number;
  told(event: Told): void;
  stage(words: string | null, share?: number | null): void;
  lost(words: string): void;
}

type Answers = {
  readonly [Name in keyof Actions]: (
    asked: Actions[Name]["asked"],
  ) => Promise<Actions[Name]["answer"]>;
};

/** A lost device is opened again so many times. */
const MOST_REOPENED = 3;

export class Workshop {
  readonly actions: Answers = {
    open: () => this.#open(),
    data: (choice) => this.#readData(choice),
    openModel: (dropped) => this.#alone(() => this.#staged(() => this.#keras.open(dropped))),
    kerasFile: () => this.#staged(() => this.#keras.written(this.#current.kept())),
    stand: (choice) => this.#alone(() => this.#stand(choice)),
    train: (choice) => this.#alone(() => this.#train(choice)),
    save: () => this.#save(),
    bench: ({ filter }) => this.#alone(() => this.#staged(() => this.#measure(filter))),
    stop: async () => (this.#measuring ? this.#stopMeasuring() : this.#current.stop()),
    rate: async ({ rate }) => this.#current.setRate(rate),
    measure: async () => this.#current.measure(),
    see: (choice) => this.#current.see(choice),
    inspect: (choice) => this.#staged(() => this.#current.inspect(choice)),
    shaders: () => this.#edits.shaders(),
    edits: () => this.#edits.taken(),
    tryEdit: (choice) => this.#staged(() => this.#edits.tryEdit(choice)),
    takeEdit: (choice) => this.#edits.takeEdit(choice),
    restore: (choice) => this.#edits.restore(choice),
  };
  readonly #events: WorkshopEvents;
  readonly #keras: KerasModels;
  readonly #edits = new KernelEdits(() => ({
    device: () => this.#openDevice(),
    between: this.#training?.between ?? null,
    stage: this.#events.stage,
  }));
  #device: Device | null = null;
  #data: OpenedData | null = null;
  #training: WebTraining | null = null;
  #isBusy = false;
  #measuring: AbortController | null = null;

  constructor(events: WorkshopEvents) {
    this.#events = events;
    this.#keras = new KerasModels(events.site, events.stage, events.patience);
  }

  async #open(): Promise<AdapterView> {
    const device = await this.#openDevice();
    const { limits, features } = device.handle;
    return {
      name: device.name,
      isSoftware: device.isSoftware,
      subgroupSize: device.subgroupSize,
      hasTimestamps: features.has("timestamp-query"),
      maxBufferSize: limits.maxBufferSize,
      models: [...modelViews(), ...exampleViews()],
      optimizers: OPTIMIZER_NAMES,
      benchNames: measurableNames(),
      kept: await keptView(),
    };
  }

  async #openDevice(): Promise<Device> {
    if (this.#device && !this.#device.failure) return this.#device;
    // Not there at all in a browser without WebGPU, or on a page that is not secure.
    const { gpu } = navigator as { readonly gpu?: GPU };
    if (!gpu) throw new DeviceError("device: no WebGPU adapter was found, got no navigator.gpu");
    this.#device = await Device.open({
      gpu,
      onLost: ({ message }) => {
        if (!this.#isBusy) this.#events.lost(message);
      },
    });
    return this.#device;
  }

  async #readData(choice: DataChoice): Promise<DatasetView> {
    return this.#alone(() =>
      this.#staged(async () => {
        const { site, stage } = this.#events;
        const data =
          choice.from === "site"
            ? await readSiteData(site, stage)
            : openedData(await readDroppedData(choice.files, stage));
        this.#data = data;
        return viewOfData(data);
      }),
    );
  }

  /** Again on a new device, from the last checkpoint, where the device is lost on the way. */
  async #train(choice: TrainingChoice): Promise<TrainedView> {
    const data = this.#data;
    if (!data) throw new UsageError("train: needs data first, got none");
    const digest = await sha256([data.train.images, bytesOf(data.train.labels)]);
    let kept = choice.resume ? await keptTraining() : null;
    if (kept && kept.data !== digest) {
      throw new UsageError(`resume: the training kept here is of ${kept.title}, got ${data.title}`);
    }
    const basis = kept?.basis ?? this.#basisOf(choice, data);
    const asked = kept ? { ...kept.choice, resume: true } : choice;
    for (let reopened = 0; ; reopened++) {
      const training = await this.#newTraining(data, async (state) => {
        const { title } = data;
        const adapter = this.#device?.name ?? "";
        const of = { choice: asked, basis: keptBasis(basis), data: digest, title };
        kept = { ...of, adapter, at: Date.now(), state };
        await keepTraining(kept);
      });
      try {
        const view = await training.train(asked, basis, kept?.state ?? null);
        if (view.ended !== "interrupted") await forgetTraining();
        return view;
      } catch (error) {
        if (!(error instanceof DeviceLostError) || !kept || reopened === MOST_REOPENED) throw error;
        this.#events.lost(
          `${error.message}; it is opened again, and training goes on after epoch ${kept.state.epoch}`,
        );
      }
    }
  }

  async #stand(choice: TrainingChoice): Promise<null> {
    const data = this.#data;
    if (!data) throw new UsageError("model: needs data first, got none");
    const basis = this.#basisOf(choice, data);
    const training = await this.#newTraining(data, async () => undefined);
    await training.stand(choice, basis);
    return null;
  }

  /** Of an example, of the file that is open, or of the table. */
  #basisOf(choice: TrainingChoice, { train }: OpenedData): Basis {
    const example = exampleConfig(choice.model, train);
    if (example) return { config: example, optimisation: modelLoss(example) };
    return basisOf(choice, this.#keras.opened, train.classNames.length);
  }

  async #newTraining(data: OpenedData, keep: WebTrainingOptions["keep"]): Promise<WebTraining> {
    const { told, stage } = this.#events;
    this.#training?.close();
    const device = await this.#openDevice();
    this.#training = new WebTraining({ device, data, told, stage, keep });
    return this.#training;
  }

  async #measure(filter: string): Promise<MeasuredView> {
    this.#measuring = new AbortController();
    const { signal } = this.#measuring;
    try {
      const device = await this.#openDevice();
      return await measureKernels({ device, filter, stage: this.#events.stage, signal });
    } finally {
      this.#measuring = null;
    }
  }

  #stopMeasuring(): null {
    this.#measuring?.abort();
    return null;
  }

  async #save(): Promise<FileView> {
    const files = await this.#current.files();
    const name = `vitrine-${new Date().toISOString().slice(0, 19).replaceAll(/[T:]/g, "-")}`;
    return { name: `${name}.zip`, bytes: zipped(name, files) };
  }

  get #current(): WebTraining {
    if (this.#training) return this.#training;
    throw new UsageError("model: none is trained yet", { help: "train one first" });
  }

  /** One such thing at a time. */
  async #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isBusy) {
      throw new UsageError("train: one thing at a time, got another one under way", {
        help: "stop it, or wait for its end",
      });
    }
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }

  async #staged<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      this.#events.stage(null);
    }
  }
}
