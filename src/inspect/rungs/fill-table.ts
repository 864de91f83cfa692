// Measures within a time what a table lacks of some programs' problems: first the rungs of all, then their variants. What does not fit into it is left to the ladders' order, and
// said to be, so that the next run does not measure it after all and trains to other bits.

import type { Device } from "../../engine/core/device.ts";
import type { Program } from "../../engine/program/program.ts";
import {
  isMeasured,
  type MeasuredProblem,
  type MeasuredProblems,
  problemsOf,
  RungMeasurement,
} from "./measure-rungs.ts";

export interface FillOptions {
  /** Milliseconds. */
  readonly within: number;
  readonly signal: AbortSignal;
}

/** What is new; `programs` are those of a device without choices. Throws the signal's reason. */
export async function fillTable(
  device: Device,
  known: MeasuredProblems,
  programs: readonly Program[],
  { within, signal }: FillOptions,
): Promise<MeasuredProblems> {
  const time = AbortSignal.timeout(within);
  const measurement = new RungMeasurement(device, known, AbortSignal.any([signal, time]));
  const problems = [...problemsOf(programs)].filter(([key]) => !known.has(key));
  try {
    for (const how of ["rungs", "variants"] as const) {
      for (const [, solution] of problems) await measurement.measure(solution, how);
    }
  } catch (error) {
    if (signal.aborted || !time.aborted) throw error;
  }
  const left = problems.map(([key, { rung }]): [string, MeasuredProblem] => [
    key,
    { rung, ordered: rung, ms: {}, refused: [] },
  ]);
  return new Map([...left, ...measurement.measured]);
}

/** How many problems of a table were left to the order, or measured without variants. */
export function leftIn(problems: MeasuredProblems): number {
  return [...problems.values()].filter((problem) => !isComplete(problem)).length;
}

/** Whether nothing is left to measure of it. */
export function isComplete(problem: MeasuredProblem): boolean {
  return isMeasured(problem) && problem.variantsLeft !== true;
}
