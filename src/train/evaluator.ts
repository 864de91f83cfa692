// Scores a model on rows of a data set with inference behaviour: loss, accuracy, confusion; and predicts single images.
// The trainer holds one for validation; `evaluate` and `predict` use it alone.

import { firstRows } from "../data/dataset.ts";
import type { Device } from "../engine/core/device.ts";
import { VitrineError } from "../engine/core/errors.ts";
import { classesOf, type Model } from "../engine/layers/model.ts";
import type { Variables } from "../engine/layers/variables.ts";
import type { Feed } from "../engine/ops/gather.ts";
import {
  createMeters,
  type Meters,
  type MetricValues,
  readConfusion,
  readMeters,
  resetMeters,
} from "../engine/ops/metrics.ts";
import { Executable, Workspace } from "../engine/program/executor.ts";
import { createFeed, type DeviceData, rewindFeed } from "./device-data.ts";
import { inferenceBatch } from "./inference-batch.ts";
import { runPaced } from "./pace.ts";
import { recordEvaluationStep, recordPrediction } from "./programs.ts";

export interface EvaluatorOptions {
  readonly device: Device;
  readonly model: Model;
  readonly variables: Variables;
  readonly workspace?: Workspace;
  readonly rungs?: Readonly<Record<string, string>>;
}

export interface Evaluation extends MetricValues {
  /** Counts by [label][predicted]. */
  readonly confusion: readonly (readonly number[])[];
}

export class Evaluator {
  readonly #options: EvaluatorOptions;
  readonly #workspace: Workspace;
  readonly #meters: Meters;
  readonly #batch: number;
  readonly #feeds = new Map<DeviceData, Feed>();
  readonly #executables = new Map<string, Executable>();

  constructor(options: EvaluatorOptions) {
    this.#options = options;
    this.#workspace = options.workspace ?? new Workspace(options.device);
    this.#batch = inferenceBatch(options.model);
    this.#meters = createMeters(options.device, classesOf(options.model));
  }

  /** Records the model once, so that its variables are declared and can be given a place. */
  declare(data: DeviceData): void {
    recordEvaluationStep({ ...this.#request(1), feed: this.#feed(data) });
  }

  /** Scores `rows` of `data`; `onProgress` hears how many are done. */
  async evaluate(
    data: DeviceData,
    rows: Uint32Array<ArrayBuffer>,
    onProgress?: (done: number) => void,
  ): Promise<Evaluation> {
    const { device } = this.#options;
    rewindFeed(device, this.#feed(data), rows);
    resetMeters(device, this.#meters);
    const full = Math.floor(rows.length / this.#batch);
    const rest = rows.length % this.#batch;
    if (full > 0) {
      await runPaced(device, await this.#step(data, this.#batch), full, (done) => {
        onProgress?.(done * this.#batch);
        return true;
      });
    }
    if (rest > 0) (await this.#step(data, rest)).run();
    const values = await readMeters(device, this.#meters);
    return { ...values, confusion: await readConfusion(device, this.#meters) };
  }

  /** Class probabilities of the first `rows` images of a data set, row by row. */
  async predict(data: DeviceData, rows: number): Promise<readonly Float32Array[]> {
    const { device } = this.#options;
    const feed = this.#feed(data);
    rewindFeed(device, feed, firstRows(rows));
    const { program, probabilities } = recordPrediction({ ...this.#request(rows), feed });
    const executable = await Executable.compile(device, program, this.#workspace);
    executable.run();
    const values = await executable.read(probabilities);
    const [, classes = 0] = probabilities.shape;
    return Array.from({ length: rows }, (_, row) =>
      values.slice(row * classes, (row + 1) * classes),
    );
  }

  #feed(data: DeviceData): Feed {
    let feed = this.#feeds.get(data);
    if (!feed) {
      feed = createFeed(this.#options.device, data, data.rows, `${data.name}.evaluate`);
      this.#feeds.set(data, feed);
    }
    return feed;
  }

  async #step(data: DeviceData, batch: number): Promise<Executable> {
    const key = `${data.name}.${batch}`;
    let executable = this.#executables.get(key);
    if (!executable) {
      const program = recordEvaluationStep({ ...this.#request(batch), feed: this.#feed(data) });
      executable = await Executable.compile(this.#options.device, program, this.#workspace);
      this.#executables.set(key, executable);
    }
    return executable;
  }

  #request(batch: number) {
    const { device, model, variables, rungs = {} } = this.#options;
    if (batch < 1) throw new VitrineError("evaluator: takes at least one row, got none");
    return { model, variables, meters: this.#meters, batch, capabilities: device, rungs };
  }
}
