// The training step of a model as it is recorded and compiled: for whole batches, for the smaller batch that an epoch may end
// with, and in the measured edition that statistics ask for. All share variables, optimiser, order of the rows and running sums.

import type { Device } from "../engine/core/device.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import { labelsOf, type Model } from "../engine/layers/model.ts";
import type { Variables } from "../engine/layers/variables.ts";
import type { Loss } from "../engine/ops/loss/loss.ts";
import { createMeters, type Meters } from "../engine/ops/metrics.ts";
import type { OptimizerState } from "../engine/optim/optimizer-state.ts";
import { Executable } from "../engine/program/executor.ts";
import type { Program } from "../engine/program/program.ts";
import type { Workspace } from "../engine/program/workspace.ts";
import type { Augment } from "./augment.ts";
import { createFeed, type DeviceData } from "./device-data.ts";
import { recordMeasuredStep, recordTrainStep, type ScoredRequest } from "./programs.ts";
import type { DataFeed } from "./rows/row-stream.ts";
import { type StatisticsPlan, stepStatistics } from "./step-statistics.ts";

export interface TrainingStepOptions {
  readonly device: Device;
  readonly model: Model;
  readonly variables: Variables;
  readonly optimizerState: OptimizerState;
  readonly workspace: Workspace;
  readonly data: DeviceData;
  /** Default categorical cross-entropy. */
  readonly loss?: Loss | undefined;
  /** Rows of a whole batch. */
  readonly batchSize: number;
  readonly rungs?: Readonly<Record<string, string>> | undefined;
  /** Counts weights that are not finite after every step. */
  readonly watchNumbers?: boolean | undefined;
  /** What is done to the images first; default nothing. */
  readonly augment?: Augment | undefined;
}

export class TrainingStep {
  /** Of a whole batch. */
  readonly program: Program;
  readonly feed: DataFeed;
  readonly meters: Meters;
  readonly #options: TrainingStepOptions;
  readonly #executables = new Map<number, Executable>();
  readonly #nonFinite: Tensor | null;
  #measured: { readonly executable: Executable; readonly plan: StatisticsPlan } | null = null;

  constructor(options: TrainingStepOptions) {
    const { device, model, data, batchSize, watchNumbers } = options;
    this.#options = options;
    this.meters = createMeters(device, data.targets ? null : labelsOf(model));
    const use = { capacity: data.rows, batch: batchSize, label: "train" };
    this.feed = createFeed(device, data, use);
    this.#nonFinite = watchNumbers ? device.tensor([1], "train.nonFinite", undefined, "u32") : null;
    this.program = this.#record(batchSize);
  }

  /** Dispatches of a whole batch, after the planner. */
  get dispatches(): number {
    return this.#executables.get(this.#options.batchSize)?.dispatches.length ?? 0;
  }

  /** Compiled when it is first asked for. */
  async executable(batch = this.#options.batchSize): Promise<Executable> {
    const { device, workspace, batchSize } = this.#options;
    let executable = this.#executables.get(batch);
    if (!executable) {
      const program = batch === batchSize ? this.program : this.#record(batch);
      executable = await Executable.compile(device, program, workspace);
      this.#executables.set(batch, executable);
    }
    return executable;
  }

  /** The step of a whole batch that measures itself, recorded when one is first due; and how to read what it measured. */
  async measured() {
    if (!this.#measured) {
      const { device, workspace, batchSize, optimizerState } = this.#options;
      const watch = { nonFinite: this.#nonFinite };
      const request = this.#request(batchSize);
      const { program, statistics: plan } = recordMeasuredStep(request, optimizerState, watch);
      const executable = await Executable.compile(device, program, workspace);
      this.#measured = { executable, plan };
    }
    const { executable, plan } = this.#measured;
    return {
      executable,
      read: async (step: number) =>
        stepStatistics(plan, await executable.readBytes(plan.records), step),
    };
  }

  /** Weights that were not finite after the steps so far; 0 where they are not watched. */
  async countNonFinite(): Promise<number> {
    if (!this.#nonFinite) return 0;
    const [count = 0] = new Uint32Array(await this.#options.device.read(this.#nonFinite));
    return count;
  }

  #record(batch: number): Program {
    const watch = { nonFinite: this.#nonFinite };
    return recordTrainStep(this.#request(batch), this.#options.optimizerState, watch);
  }

  #request(batch: number): ScoredRequest {
    const { model, variables, loss, device: capabilities, rungs = {}, augment } = this.#options;
    const { feed, meters } = this;
    return {
      ...{ model, variables, loss, feed, meters, batch },
      ...{ capabilities, rungs, augment },
    };
  }
}
