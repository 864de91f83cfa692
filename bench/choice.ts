// The rungs of LeNet-5's training step by measurement beside those of the ladders' order: problem by problem, and the step with
// both, in turns, so that the machine's moods meet both.

import type { FashionMnist } from "../src/data/fashion-mnist.ts";
import type { Device } from "../src/engine/core/device.ts";
import { RungTable } from "../src/engine/core/rung-table.ts";
import { adam } from "../src/engine/optim/adam.ts";
import {
  choicesOf,
  type MeasuredProblems,
  problemsOf,
  RungMeasurement,
} from "../src/inspect/rungs/measure-rungs.ts";
import { programsOfModel } from "../src/inspect/rungs/programs-of-model.ts";
import { timeTrainStep } from "../src/inspect/timing/train-step.ts";

export const CHOICE = "choice of kernels lenet5 batch 50";
const BATCH = 50;
const TURNS = 3;
const STEPS = 100;

export interface ChoiceResult {
  readonly problems: MeasuredProblems;
  /** Least of the medians of some trainings, in milliseconds a step; null where both are the same program. */
  readonly step: { readonly order: number; readonly measured: number } | null;
}

export interface ChoiceOptions {
  readonly data: FashionMnist;
  readonly signal: AbortSignal;
  /** Before each problem, and after the last. */
  readonly onProblem: (done: number, total: number) => void;
}

/** `device` has no choices. */
export async function timeChoice(
  device: Device,
  { data, signal, onProblem }: ChoiceOptions,
): Promise<ChoiceResult> {
  const config = { name: "lenet5", activation: "relu", pooling: "max" } as const;
  const request = { config, dataset: data.train, batchSize: BATCH, optimizer: adam() };
  const [step] = programsOfModel(device, request);
  const problems = problemsOf(step ? [step] : []);
  const measurement = new RungMeasurement(device, new Map(), signal);
  for (const [index, solution] of [...problems.values()].entries()) {
    onProblem(index, problems.size);
    await measurement.measure(solution);
  }
  onProblem(problems.size, problems.size);
  const { measured } = measurement;
  if ([...measured.values()].every(({ rung, ordered }) => rung === ordered)) {
    return { problems: measured, step: null };
  }
  // A scope, because a second device of a process is slower on software adapters (io/adapter.ts).
  const chosen = device.scope({ rungTable: new RungTable(choicesOf(measured)) });
  const times = { order: Number.POSITIVE_INFINITY, measured: Number.POSITIVE_INFINITY };
  for (let turn = 0; turn < TURNS && !signal.aborted; turn++) {
    times.order = Math.min(times.order, (await timeTrainStep(device, data, BATCH, STEPS)).ms);
    times.measured = Math.min(times.measured, (await timeTrainStep(chosen, data, BATCH, STEPS)).ms);
  }
  chosen.destroy();
  return { problems: measured, step: times };
}
