// One step of a model, recorded and ready to run for whoever looks inside: the same programs that training, evaluation and
// prediction run, on variables, optimiser state and a place in the data of its own, so that looking changes nothing.

import { firstRows } from "../data/dataset.ts";
import type { Device } from "../engine/core/device.ts";
import { UsageError } from "../engine/core/errors.ts";
import { sizeOf } from "../engine/core/shape.ts";
import { labelsOf, type Model, variablesOf } from "../engine/layers/model.ts";
import type { Precision, Variables, Weights } from "../engine/layers/variables.ts";
import type { Loss } from "../engine/ops/loss/loss.ts";
import { createMeters, type Meters, resetMeters } from "../engine/ops/metrics.ts";
import { adam } from "../engine/optim/adam.ts";
import type { Optimizer } from "../engine/optim/optimizer.ts";
import { OptimizerState } from "../engine/optim/optimizer-state.ts";
import { Executable } from "../engine/program/executor.ts";
import type { PlanOptions } from "../engine/program/planner.ts";
import type { Program } from "../engine/program/program.ts";
import { Workspace } from "../engine/program/workspace.ts";
import type { Augment } from "../train/augment.ts";
import { createFeed, type DeviceData, rewindFeed } from "../train/device-data.ts";
import { lossScaleFor } from "../train/precision.ts";
import {
  recordEvaluationStep,
  recordPrediction,
  recordTrainStep,
  type ScoredRequest,
} from "../train/programs.ts";
import { type DataFeed, supplyOf } from "../train/rows/row-stream.ts";

/** Which of a model's programs. */
export type StepKind = "train" | "evaluate" | "predict";

export const STEP_KINDS: readonly StepKind[] = ["train", "evaluate", "predict"];

export interface StepSetup {
  readonly model: Model;
  readonly data: DeviceData;
  readonly kind: StepKind;
  /** Rows of the step; default 50. */
  readonly batchSize?: number;
  /** Rows of the data in the order in which steps take them; default: as they lie. */
  readonly rows?: Uint32Array<ArrayBuffer>;
  /** Values of variables; those that are not named are initialised by `seed`. */
  readonly weights?: Weights;
  /** Default 1. */
  readonly seed?: number;
  /** Of a training step; default Adam. */
  readonly optimizer?: Optimizer;
  /** Default categorical cross-entropy. */
  readonly loss?: Loss | undefined;
  /** Default 1e-3. */
  readonly learningRate?: number;
  /** Of a training step; default `float32`. */
  readonly precision?: Precision | undefined;
  /** What a training step does to its images first; default nothing. */
  readonly augment?: Augment | undefined;
  /** Rungs to use instead of the measured ones, by ladder. */
  readonly rungs?: Readonly<Record<string, string>>;
  /** How its tensors share memory: see planner.ts. */
  readonly plan?: PlanOptions;
  /** See StepRequest. */
  readonly joinsResiduals?: boolean;
}

/** A step on a scope of the device; `close` frees everything that it has there. */
export class OpenStep {
  readonly device: Device;
  readonly program: Program;
  readonly executable: Executable;
  readonly variables: Variables;
  /** Steps until every row was taken once. */
  readonly stepsPerPass: number;
  readonly #feed: DataFeed;
  readonly #meters: Meters;
  readonly #rows: Uint32Array<ArrayBuffer>;
  readonly #batch: number;

  constructor(
    device: Device,
    parts: {
      readonly executable: Executable;
      readonly variables: Variables;
      readonly feed: DataFeed;
      readonly meters: Meters;
      readonly rows: Uint32Array<ArrayBuffer>;
      readonly batch: number;
    },
  ) {
    this.device = device;
    this.executable = parts.executable;
    this.program = parts.executable.program;
    this.variables = parts.variables;
    this.stepsPerPass = Math.floor(parts.rows.length / parts.batch);
    this.#feed = parts.feed;
    this.#meters = parts.meters;
    this.#rows = parts.rows;
    this.#batch = parts.batch;
  }

  /** Back to the first rows, with running sums at zero; weights stay as they are. */
  rewind(): void {
    rewindFeed(this.device, this.#feed, this.#rows);
    resetMeters(this.device, this.#meters);
  }

  /** Steps whose rows are on the device at once. */
  get mostAtOnce(): number {
    return supplyOf(this.#feed, this.#batch)?.most ?? Number.POSITIVE_INFINITY;
  }

  /** Brings the rows of the next steps from where the step stands: what has to be done before they run, if rows are streamed. */
  async bringRows(steps = 1): Promise<void> {
    const { stream, clock, order } = this.#feed;
    if (!stream) return;
    const [, cursor = 0] = new Uint32Array(await this.device.read(clock));
    stream.order = new Uint32Array(await this.device.read(order), 0, sizeOf(order.shape));
    await stream.bring(cursor, steps * this.#batch);
  }

  close(): void {
    this.device.destroy();
  }
}

/** Throws UsageError for a batch larger than the data. */
export async function openStep(parent: Device, setup: StepSetup): Promise<OpenStep> {
  const { batch, rows } = rowsOf(setup);
  const device = parent.scope();
  const { program, variables, optimizer, feed, meters } = recordOn(device, setup);
  variables.materialise(device, setup.weights);
  optimizer?.materialise(device);
  const workspace = new Workspace(device);
  const executable = await Executable.compile(device, program, workspace, setup.plan);
  const step = new OpenStep(device, { executable, variables, feed, meters, rows, batch });
  step.rewind();
  await step.bringRows(step.mostAtOnce);
  return step;
}

/** The step as it is recorded: nothing is compiled, and nothing stays on the device. Throws as `openStep` does. */
export function programOfStep(parent: Device, setup: StepSetup): Program {
  const device = parent.scope();
  try {
    return recordOn(device, setup).program;
  } finally {
    device.destroy();
  }
}

function rowsOf({ data, batchSize: batch = 50, rows = firstRows(data.rows) }: StepSetup) {
  if (batch <= rows.length) return { batch, rows };
  const argument = "batchSize";
  throw new UsageError(`${argument}: must be at most the ${rows.length} rows, got ${batch}`, {
    argument,
  });
}

function recordOn(device: Device, setup: StepSetup) {
  const { model, data, seed = 1, rungs = {}, loss, augment, precision, joinsResiduals } = setup;
  const { batch, rows } = rowsOf(setup);
  const variables = variablesOf(model, seed, precision);
  const feed = createFeed(device, data, { capacity: rows.length, batch, label: "step" });
  const meters = createMeters(device, data.targets ? null : labelsOf(model));
  const parts = { model, variables, loss, feed, meters, batch };
  const request = { ...parts, capabilities: device, rungs, augment, joinsResiduals };
  return { ...record(device, setup, request), variables, feed, meters };
}

function record(device: Device, { kind, ...setup }: StepSetup, request: ScoredRequest) {
  if (kind === "predict") return { program: recordPrediction(request).program, optimizer: null };
  if (kind === "evaluate") return { program: recordEvaluationStep(request), optimizer: null };
  const { optimizer: rule = adam(), learningRate = 1e-3 } = setup;
  const optimizer = new OptimizerState(rule, learningRate, lossScaleFor(device, setup));
  return { program: recordTrainStep(request, optimizer), optimizer };
}
