// A frozen base at work: it runs once over a data set, and what it makes of the rows stays on the device, from where every
// epoch, trial and fold reads it. What it knows of files is a store that it is handed.

import { type Dataset, firstRows } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import { sizeOf } from "../../engine/core/shape.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { describeModel, type Model, variablesOf } from "../../engine/layers/model.ts";
import type { Variables, Weights } from "../../engine/layers/variables.ts";
import { Executable } from "../../engine/program/executor.ts";
import { Workspace } from "../../engine/program/workspace.ts";
import {
  createFeed,
  type DeviceData,
  placeDataset,
  rewindFeed,
  uploadLabels,
} from "../device-data.ts";
import type { CompileEvents } from "../fit-events.ts";
import { inferenceBatch } from "../inference-batch.ts";
import { recordFeatures } from "../programs.ts";
import type { DataFeed } from "../rows/row-stream.ts";
import { allocateParts, type FeatureParts } from "./feature-parts.ts";

/** Where the features of a data set may lie from an earlier run. */
export interface FeatureStore {
  /** Rows that are there, whole, from the first on. */
  readonly rows: number;
  /** Their values, in blocks of whole rows. */
  read(): AsyncIterable<Float32Array<ArrayBuffer>>;
  /** Adds the rows that follow. */
  append(values: Float32Array): Promise<void>;
  /** All rows are there. */
  finish(): Promise<void>;
  /** Nothing more will be asked of it; called in any case, also after an interruption. */
  release(): Promise<void>;
}

/** What a frozen base tells of its run over a data set. */
export interface BaseEvents extends CompileEvents {
  /** How many rows of how many are done. */
  readonly onProgress?: ((done: number, rows: number) => void) | undefined;
}

export interface FrozenBaseOptions extends BaseEvents {
  readonly device: Device;
  /** Images to features. */
  readonly base: Model;
  readonly weights: Weights;
  /** Whether the base's kernels have run on the device before, so that none needs compiling. Default false. */
  readonly isWarm?: boolean;
  /** Rows at a time; default: inferenceBatch of the base. */
  readonly batch?: number;
  /** Of one tensor at most; default 128 MiB, the storage binding that every adapter of ours allows. */
  readonly partBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** The store could not be written, as on a full disk; the features are computed all the same. */
  readonly onStoreFailed?: ((error: unknown) => void) | undefined;
}

const PART_BYTES = 128 * 2 ** 20;
/** Batches are read back, stored and told about this often: a batch may take seconds, or a hundredth of one. */
const BLOCK_MS = 500;
const MOST_BATCHES = 64;

/** Bytes of a data set's features, to be asked before the base is put to work. */
export function featureBytes(base: Model, rows: number): number {
  return 4 * rows * sizeOf(describeModel(base).outputShape);
}

/** The data set as the base sees it. Throws the signal's reason when interrupted; rows in the store are not lost. */
export async function frozenFeatures(
  options: FrozenBaseOptions,
  dataset: Dataset,
  store: FeatureStore | null,
): Promise<DeviceData> {
  try {
    return await placeFeatures(options, dataset, store && forgiving(store, options));
  } finally {
    await store?.release();
  }
}

/** The store until it cannot be written; from then on it takes nothing more. */
function forgiving(store: FeatureStore, { onStoreFailed }: FrozenBaseOptions): FeatureStore {
  let works = true;
  const attempt = async (write: () => Promise<void>): Promise<void> => {
    if (!works) return;
    await write().catch((error: unknown) => {
      works = false;
      onStoreFailed?.(error);
    });
  };
  return {
    rows: store.rows,
    read: () => store.read(),
    append: (values) => attempt(() => store.append(values)),
    finish: () => attempt(() => store.finish()),
    release: () => store.release(),
  };
}

async function placeFeatures(
  options: FrozenBaseOptions,
  dataset: Dataset,
  store: FeatureStore | null,
): Promise<DeviceData> {
  const { device, base } = options;
  const { outputShape } = describeModel(base);
  const batch = Math.min(options.batch ?? inferenceBatch(base), dataset.rows);
  const { partBytes = PART_BYTES } = options;
  const parts = allocateParts(device, { dataset, outputShape, batch, partBytes });
  const elements = sizeOf(outputShape);
  let row = 0;
  if (store) {
    for await (const values of store.read()) {
      parts.write(row, values);
      row += values.length / elements;
    }
  }
  if (row < dataset.rows) {
    const scope = device.scope();
    try {
      await computeRows({ ...options, device: scope }, { dataset, batch, parts, store, from: row });
    } finally {
      scope.destroy();
    }
    await store?.finish();
  }
  return {
    name: `${dataset.name}.features`,
    source: { kind: "features", parts: parts.tensors },
    labels: uploadLabels(device, dataset),
    rows: dataset.rows,
  };
}

interface Work {
  readonly dataset: Dataset;
  readonly batch: number;
  readonly parts: FeatureParts;
  readonly store: FeatureStore | null;
  readonly from: number;
}

async function computeRows(options: FrozenBaseOptions, work: Work): Promise<void> {
  const { device, signal, onProgress } = options;
  const { dataset, parts, store } = work;
  const run = new Runner(options, await placeDataset(device, dataset), work.batch);
  let row = work.from;
  let batches = 1;
  onProgress?.(row, dataset.rows);
  while (row < dataset.rows) {
    signal?.throwIfAborted();
    const [start, startedAt] = [row, performance.now()];
    for (let i = 0; i < batches && row < dataset.rows; i++) {
      const count = Math.min(work.batch, dataset.rows - row);
      await run.batch(row, count, parts);
      row += count;
    }
    if (store) await store.append(await parts.read(start, row - start));
    else await device.settle();
    onProgress?.(row, dataset.rows);
    const msPerBatch = (performance.now() - startedAt) / batches;
    const most = Math.min(MOST_BATCHES, 2 * batches);
    batches = Math.max(1, Math.min(most, Math.round(BLOCK_MS / msPerBatch)));
  }
}

/** The base's programs for the batch sizes at hand. */
class Runner {
  readonly #options: FrozenBaseOptions;
  readonly #variables: Variables;
  readonly #workspace: Workspace;
  readonly #feed: DataFeed;
  readonly #programs = new Map<number, { executable: Executable; features: Tensor }>();
  #isWarm: boolean;

  constructor(options: FrozenBaseOptions, data: DeviceData, batch: number) {
    const { device, weights } = options;
    this.#options = options;
    this.#isWarm = options.isWarm ?? false;
    this.#variables = variablesOf(options.base);
    this.#workspace = new Workspace(device);
    this.#feed = createFeed(device, data, { capacity: batch, batch, label: "base" });
    this.#variables.materialise(device, weights);
  }

  /** Runs the base over `count` rows from `row` on, and leaves what it makes of them in their part. */
  async batch(row: number, count: number, parts: FeatureParts): Promise<void> {
    const { device, signal } = this.#options;
    const { executable, features } = await this.#program(count);
    rewindFeed(device, this.#feed, firstRows(count, row));
    await this.#feed.stream?.bring(0, count);
    if (this.#isWarm) executable.run();
    else await this.#firstRun(executable);
    signal?.throwIfAborted();
    parts.copy(row, executable, features);
  }

  /** Kernel by kernel, because each may compile for seconds. */
  async #firstRun(executable: Executable): Promise<void> {
    const { signal, onCompile, onCompiled } = this.#options;
    const { length } = executable.dispatches;
    await executable.runSlowly(({ kernel }, index) => {
      onCompile?.(kernel.label, index, length);
      return !signal?.aborted;
    });
    onCompiled?.(length);
    this.#isWarm = true;
  }

  #record(batch: number) {
    const { device, base: model } = this.#options;
    const request = { model, variables: this.#variables, feed: this.#feed, batch };
    return recordFeatures({ ...request, capabilities: device });
  }

  async #program(batch: number) {
    let program = this.#programs.get(batch);
    if (!program) {
      const { program: recorded, features } = this.#record(batch);
      const { device } = this.#options;
      const options = { keepsInvariants: true };
      const executable = await Executable.compile(device, recorded, this.#workspace, options);
      program = { executable, features };
      this.#programs.set(batch, program);
    }
    return program;
  }
}
