// Scores a model on rows of a data set with inference behaviour: loss, accuracy, confusion; and predicts single images.
// The trainer holds one for validation; `evaluate` and `predict` use it alone.

import type { Device } from "../engine/core/device.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import { labelsOf, type Model, variablesOf } from "../engine/layers/model.ts";
import type { Variables, Weights } from "../engine/layers/variables.ts";
import type { Feed } from "../engine/ops/gather.ts";
import type { Loss } from "../engine/ops/loss/loss.ts";
import {
  createMeters,
  type Meters,
  type MetricValues,
  readConfusion,
  readMeters,
  resetMeters,
} from "../engine/ops/metrics.ts";
import { Executable } from "../engine/program/executor.ts";
import type { Program } from "../engine/program/program.ts";
import { Workspace } from "../engine/program/workspace.ts";
import { createFeed, type DeviceData, rewindFeed } from "./device-data.ts";
import { inferenceBatch } from "./inference-batch.ts";
import { runPaced } from "./pace.ts";
import { recordEvaluationStep, recordPrediction } from "./programs.ts";
import { type DataFeed, supplyOf } from "./rows/row-stream.ts";

export interface EvaluatorOptions {
  readonly device: Device;
  readonly model: Model;
  /** With a place on the device. */
  readonly variables: Variables;
  readonly workspace?: Workspace;
  /** Default categorical cross-entropy. */
  readonly loss?: Loss | undefined;
  readonly rungs?: Readonly<Record<string, string>>;
}

/** What an evaluation of some rows came to. */
export interface Evaluation extends MetricValues {
  /** Counts by [label][predicted]; none where targets are no classes. */
  readonly confusion: readonly (readonly number[])[];
}

/** What is compiled for one data set; each program once for every number of rows that it takes. */
interface Seat {
  readonly feed: DataFeed;
  /** Null until rows of it are scored. */
  meters: Meters | null;
  readonly steps: Map<number, Executable>;
  readonly predictions: Map<number, Prediction>;
}

interface Prediction {
  readonly executable: Executable;
  readonly probabilities: Tensor;
}

/** An evaluator for weights that are at hand, those of a saved run for instance. */
export function evaluatorOf(
  device: Device,
  model: Model,
  weights: Weights,
  loss?: Loss | undefined,
): Evaluator {
  const variables = variablesOf(model);
  variables.materialise(device, weights);
  return new Evaluator({ device, model, variables, loss });
}

export class Evaluator {
  readonly #options: EvaluatorOptions;
  readonly #workspace: Workspace;
  readonly #batch: number;
  /** By the object: two data sets may share a name. */
  readonly #seats = new Map<DeviceData, Seat>();

  constructor(options: EvaluatorOptions) {
    this.#options = options;
    this.#workspace = options.workspace ?? new Workspace(options.device);
    this.#batch = inferenceBatch(options.model);
  }

  /** Scores `rows` of `data`; `onProgress` hears how many are done. */
  async evaluate(
    data: DeviceData,
    rows: Uint32Array<ArrayBuffer>,
    onProgress?: (done: number) => void,
  ): Promise<Evaluation> {
    const { device, model } = this.#options;
    const seat = this.#seat(data);
    seat.meters ??= createMeters(device, data.targets ? null : labelsOf(model));
    const { meters } = seat;
    rewindFeed(device, seat.feed, rows);
    resetMeters(device, meters);
    const full = Math.floor(rows.length / this.#batch);
    const rest = rows.length % this.#batch;
    if (full > 0) {
      const executable = await this.#step(seat, meters, this.#batch);
      const supply = supplyOf(seat.feed, this.#batch);
      await runPaced(device, { executable, supply }, full, (done) => {
        onProgress?.(done * this.#batch);
        return true;
      });
    }
    if (rest > 0) {
      const executable = await this.#step(seat, meters, rest);
      await seat.feed.stream?.bring(full * this.#batch, rest);
      executable.run();
    }
    const values = await readMeters(device, meters);
    return { ...values, confusion: await readConfusion(device, meters) };
  }

  /** What the model gives for `rows` of a data set, class probabilities for instance, row by row; `onProgress` hears how many are done. */
  async predict(
    data: DeviceData,
    rows: Uint32Array<ArrayBuffer>,
    onProgress?: (done: number) => void,
  ): Promise<readonly Float32Array[]> {
    const found: Float32Array[] = [];
    for (let first = 0; first < rows.length; first += this.#batch) {
      const chunk = rows.subarray(first, first + this.#batch);
      found.push(...(await this.#predictChunk(data, chunk)));
      onProgress?.(found.length);
    }
    return found;
  }

  async #predictChunk(
    data: DeviceData,
    rows: Uint32Array<ArrayBuffer>,
  ): Promise<readonly Float32Array[]> {
    const seat = this.#seat(data);
    // Programs are made for few numbers of rows, not for every one that somebody may ask for.
    const capacity = Math.min(this.#batch, 2 ** Math.ceil(Math.log2(rows.length)));
    const { executable, probabilities } = await this.#prediction(seat, capacity);
    // Rows do not look at one another, so what fills the batch up changes nothing.
    const padded = new Uint32Array(capacity).fill(rows[0] ?? 0);
    padded.set(rows);
    rewindFeed(this.#options.device, seat.feed, padded);
    await seat.feed.stream?.bring(0, capacity);
    executable.run();
    const values = await executable.read(probabilities);
    const size = values.length / capacity;
    return Array.from(rows, (_, row) => values.slice(row * size, (row + 1) * size));
  }

  #seat(data: DeviceData): Seat {
    let seat = this.#seats.get(data);
    if (!seat) {
      const capacity = Math.max(data.rows, this.#batch);
      const { device } = this.#options;
      const use = { capacity, batch: this.#batch, label: `${data.name}.evaluate` };
      const feed = createFeed(device, data, use);
      seat = { feed, meters: null, steps: new Map(), predictions: new Map() };
      this.#seats.set(data, seat);
    }
    return seat;
  }

  async #step({ feed, steps }: Seat, meters: Meters, batch: number): Promise<Executable> {
    const known = steps.get(batch);
    if (known) return known;
    const program = recordEvaluationStep({ ...this.#request(feed, batch), meters });
    const executable = await this.#compile(program, batch);
    steps.set(batch, executable);
    return executable;
  }

  async #prediction({ feed, predictions }: Seat, capacity: number): Promise<Prediction> {
    const known = predictions.get(capacity);
    if (known) return known;
    const { program, probabilities } = recordPrediction(this.#request(feed, capacity));
    const prediction = { executable: await this.#compile(program, capacity), probabilities };
    predictions.set(capacity, prediction);
    return prediction;
  }

  /** What runs again and again, by whole batches, keeps what it computes of the weights alone. */
  #compile(program: Program, batch: number): Promise<Executable> {
    const options = { keepsInvariants: batch === this.#batch };
    return Executable.compile(this.#options.device, program, this.#workspace, options);
  }

  #request(feed: Feed, batch: number) {
    const { device: capabilities, model, variables, loss, rungs = {} } = this.#options;
    return { model, variables, loss, feed, batch, capabilities, rungs };
  }
}
