// Training from a program of one's own: a model and rows in memory, and what comes of them. The recipe is train/fit.ts's.

import { firstRows } from "../data/dataset.ts";
import type { Device } from "../engine/core/device.ts";
import { UsageError } from "../engine/core/errors.ts";
import { sizeOf } from "../engine/core/shape.ts";
import type { Model } from "../engine/layers/model.ts";
import type { Program } from "../engine/program/program.ts";
import type { Logs } from "../train/callbacks/callback.ts";
import type { Evaluation } from "../train/evaluator.ts";
import { type FitEnd, FitRun, type FitOptions as TrainOptions } from "../train/fit.ts";
import { type NamedWeights, namedTensors } from "../train/named-tensors.ts";
import { checkOptions, checkRows, rowsIn } from "./asked-rows.ts";
import { Placed } from "./placed.ts";
import type { TensorData, TensorRows } from "./tensor-data.ts";

/** What `fit` takes, with Keras's names and defaults where Keras has them. */
export interface FitOptions extends Omit<TrainOptions, "train" | "validation" | "initialWeights"> {
  readonly train: TensorData | TensorRows;
  /** Scored after every epoch; default none. */
  readonly validation?: TensorData | TensorRows | undefined;
  /** Values to start from, those of an earlier run or of a file; what they do not name is initialised by the seed. */
  readonly initialWeights?: NamedWeights | undefined;
}

/**
 * Trains the model on the device, with categorical cross-entropy where no other loss is asked for, and returns the run. Throws UsageError for rows, labels and
 * options that do not fit the model, DivergenceError when the loss becomes NaN or infinite.
 */
export async function fit(device: Device, model: Model, options: FitOptions): Promise<Run> {
  const { train, validation, initialWeights = [], ...others } = options;
  for (const rows of [train, validation]) if (rows) checkRows("fit", model, rows);
  checkOptions("fit", rowsIn(train), others);
  const scope = device.scope();
  try {
    const placed = new Placed(scope);
    const run = await FitRun.create(scope, model, {
      ...others,
      train: await placed.rows(train),
      validation: validation && (await placed.rows(validation)),
      initialWeights: new Map(initialWeights.map(({ name, data }) => [name, data])),
    });
    await run.train();
    return new Run(scope, run, placed);
  } catch (error) {
    scope.destroy();
    throw error;
  }
}

/** A model that was trained, on its device until `dispose()`. */
export class Run {
  readonly #device: Device;
  readonly #run: FitRun;
  readonly #placed: Placed;

  /** Made by `fit`. */
  constructor(device: Device, run: FitRun, placed: Placed) {
    this.#device = device;
    this.#run = run;
    this.#placed = placed;
  }

  get model(): Model {
    return this.#run.model;
  }

  /** The recorded training step: its dispatches in order, each with kernel, bindings, layers and pass. */
  get program(): Program {
    return this.#run.program;
  }

  /** Logs of the epochs: loss, accuracy (of numbers mae), val_loss, val_accuracy; lr with a schedule. */
  get history(): readonly Logs[] {
    return this.#run.history;
  }

  /** `early`: a callback stopped it; `interrupted`: the signal did. */
  get ended(): FitEnd | null {
    return this.#run.ended;
  }

  /** In order of declaration, named `layer/kernel` as Keras paths are; of the kept epoch with `keepBest`, else the last. */
  get weights(): NamedWeights {
    return namedTensors(this.#run.variables, this.#run.weights);
  }

  /** Mean loss, accuracy and the confusion matrix [label][predicted], of numbers mae; with inference behaviour. */
  async evaluate(rows: TensorData | TensorRows): Promise<Evaluation> {
    checkRows("evaluate", this.model, rows);
    return this.#run.evaluate(await this.#placed.rows(rows));
  }

  /** What the model gives, class probabilities (K) for instance, row by row. `x`: rows one after another, or rows of data. */
  async predict(
    x: Float32Array | Uint8Array | TensorData | TensorRows,
  ): Promise<readonly Float32Array[]> {
    if ("rows" in x) return await this.#run.predict(await this.#placed.rows(x));
    const size = sizeOf(this.model.inputShape);
    const rows = x.length / size;
    if (!Number.isInteger(rows) || rows < 1) {
      throw new UsageError(
        `predict: x must hold whole rows of ${size} values, got ${x.length} values`,
      );
    }
    const seat = this.#placed.seat(this.model, x);
    const found: Float32Array[] = [];
    for (let first = 0; first < rows; first += seat.capacity) {
      const count = Math.min(seat.capacity, rows - first);
      seat.write(x.subarray(first * size, (first + count) * size));
      found.push(...(await this.#run.predict({ data: seat.data, rows: firstRows(count) })));
    }
    return found;
  }

  /** Frees everything that the run has on the device; the device itself stays. */
  dispose(): void {
    this.#device.destroy();
  }

  /** Frees what the run holds on the device, as `using` does at the end of its block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
