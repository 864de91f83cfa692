// What the worker has: an adapter, data, and the training of the moment. Each of the page's questions is answered by one method, one
// after another but for those that steer a training under way.

import { Device } from "../../engine/core/device.ts";
import { DeviceError, UsageError } from "../../engine/core/errors.ts";
import { OPTIMIZER_NAMES } from "../../engine/optim/create-optimizer.ts";
import type { Told } from "../../page/live/live-events.ts";
import type { Actions, AdapterView, DataChoice, DatasetView } from "../../page/web/protocol.ts";
import { readDroppedData } from "./dropped-data.ts";
import { KerasModels } from "./keras-models.ts";
import { modelViews } from "./model-views.ts";
import { type OpenedData, openedData, readSiteData, viewOfData } from "./open-data.ts";
import { WebTraining } from "./web-training.ts";

export interface WorkshopEvents {
  /** Where the page's files lie. */
  readonly site: URL;
  told(event: Told): void;
  stage(words: string | null, share?: number | null): void;
  lost(words: string): void;
}

type Answers = {
  readonly [Name in keyof Actions]: (
    asked: Actions[Name]["asked"],
  ) => Promise<Actions[Name]["answer"]>;
};

export class Workshop {
  readonly actions: Answers = {
    open: () => this.#open(),
    data: (choice) => this.#readData(choice),
    openModel: (dropped) => this.#alone(() => this.#staged(() => this.#keras.open(dropped))),
    kerasFile: () => this.#staged(() => this.#keras.written(this.#current.trained())),
    train: (choice) => this.#alone(async () => (await this.#newTraining()).train(choice)),
    stop: async () => this.#current.stop(),
    rate: async ({ rate }) => this.#current.setRate(rate),
    measure: async () => this.#current.measure(),
    see: (choice) => this.#current.see(choice),
    inspect: (choice) => this.#staged(() => this.#current.inspect(choice)),
  };
  readonly #events: WorkshopEvents;
  readonly #keras: KerasModels;
  #device: Device | null = null;
  #data: OpenedData | null = null;
  #training: WebTraining | null = null;
  #isBusy = false;

  constructor(events: WorkshopEvents) {
    this.#events = events;
    this.#keras = new KerasModels(events.site, events.stage);
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
      models: modelViews(),
      optimizers: OPTIMIZER_NAMES,
    };
  }

  async #openDevice(): Promise<Device> {
    if (this.#device && !this.#device.failure) return this.#device;
    // Not there at all in a browser without WebGPU, or on a page that is not secure.
    const { gpu } = navigator as { readonly gpu?: GPU };
    if (!gpu) throw new DeviceError("device: no WebGPU adapter was found, got no navigator.gpu");
    this.#device = await Device.open({
      gpu,
      onLost: ({ message }) => this.#events.lost(message),
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

  async #newTraining(): Promise<WebTraining> {
    const data = this.#data;
    if (!data) throw new UsageError("train: needs data first, got none");
    const device = await this.#openDevice();
    this.#training?.close();
    const { told, stage } = this.#events;
    const { opened } = this.#keras;
    this.#training = new WebTraining({ device, data, opened, told, stage });
    return this.#training;
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
