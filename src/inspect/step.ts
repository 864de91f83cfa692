// One step of a model, recorded and ready to run for whoever looks inside: the same programs that training, evaluation and
// prediction run, on variables, optimiser state and a place in the data of its own, so that looking changes nothing.

import { firstRows } from "../data/dataset.ts";
import type { Device } from "../engine/core/device.ts";
import { UsageError } from "../engine/core/errors.ts";
import { classesOf, type Model, variablesOf } from "../engine/layers/model.ts";
import type { Variables, Weights } from "../engine/layers/variables.ts";
import type { Feed } from "../engine/ops/gather.ts";
import { createMeters, type Meters, resetMeters } from "../engine/ops/metrics.ts";
import { adam } from "../engine/optim/adam.ts";
import type { Optimizer } from "../engine/optim/optimizer.ts";
import { OptimizerState } from "../engine/optim/optimizer-state.ts";
import { Executable, Workspace } from "../engine/program/executor.ts";
import type { PlanOptions } from "../engine/program/planner.ts";
import type { Program } from "../engine/program/program.ts";
import { createFeed, type DeviceData, rewindFeed } from "../train/device-data.ts";
import {
  recordEvaluationStep,
  recordPrediction,
  recordTrainStep,
  type ScoredRequest,
} from "../train/programs.ts";

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
  /** Default 1e-3. */
  readonly learningRate?: number;
  /** Rungs to use instead of the measured ones, by ladder. */
  readonly rungs?: Readonly<Record<string, string>>;
  /** How its tensors share memory: see planner.ts. */
  readonly plan?: PlanOptions;
}

/** A step on a scope of the device; `close` frees everything that it has there. */
export class OpenStep {
  readonly device: Device;
  readonly program: Program;
  readonly executable: Executable;
  readonly variables: Variables;
  /** Steps until every row was taken once. */
  readonly stepsPerPass: number;
  readonly #feed: Feed;
  readonly #meters: Meters;
  readonly #rows: Uint32Array<ArrayBuffer>;

  constructor(
    device: Device,
    parts: {
      readonly executable: Executable;
      readonly variables: Variables;
      readonly feed: Feed;
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
  }

  /** Back to the first rows, with running sums at zero; weights stay as they are. */
  rewind(): void {
    rewindFeed(this.device, this.#feed, this.#rows);
    resetMeters(this.device, this.#meters);
  }

  close(): void {
    this.device.destroy();
  }
}

/** Throws UsageError for a batch larger than the data. */
export async function openStep(parent: Device, setup: StepSetup): Promise<OpenStep> {
  const { model, data, batchSize: batch = 50, seed = 1 } = setup;
  const rows = setup.rows ?? firstRows(data.rows);
  if (batch > rows.length) {
    const argument = "batchSize";
    throw new UsageError(`${argument}: must be at most the ${rows.length} rows, got ${batch}`, {
      argument,
    });
  }
  const device = parent.scope();
  const variables = variablesOf(model, seed);
  const feed = createFeed(device, data, rows.length, "step");
  const meters = createMeters(device, classesOf(model));
  const { rungs = {} } = setup;
  const request = { model, variables, feed, meters, batch, capabilities: device, rungs };
  const { program, optimizer } = record(setup, request);
  variables.materialise(device, setup.weights);
  optimizer?.materialise(device);
  const workspace = new Workspace(device);
  const executable = await Executable.compile(device, program, workspace, setup.plan);
  const step = new OpenStep(device, { executable, variables, feed, meters, rows, batch });
  step.rewind();
  return step;
}

function record({ kind, ...setup }: StepSetup, request: ScoredRequest) {
  if (kind === "predict") return { program: recordPrediction(request).program, optimizer: null };
  if (kind === "evaluate") return { program: recordEvaluationStep(request), optimizer: null };
  const { optimizer: rule = adam(), learningRate = 1e-3 } = setup;
  const optimizer = new OptimizerState(rule, learningRate);
  return { program: recordTrainStep(request, optimizer), optimizer };
}
