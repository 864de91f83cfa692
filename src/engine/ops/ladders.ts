// All ladders there are, so that what a recorded solution solved can be solved again, on another rung, by name.

import { VitrineError } from "../core/errors.ts";
import { climb, type Ladder } from "../program/ladder.ts";
import type { Solution } from "../program/program.ts";
import type { Recorder } from "../program/recorder.ts";
import { forwardLadder, inputGradientLadder, weightGradientLadder } from "./conv2d/conv2d.ts";
import { GEMM } from "./gemm/gemm.ts";

export const LADDERS: readonly Ladder<object>[] = [
  forwardLadder,
  inputGradientLadder,
  weightGradientLadder,
  GEMM,
];

/** Records what solves the problem, on the rung that the recorder was asked for or on the one that it would choose. */
export function solveAgain(
  rec: Recorder,
  { ladder, problem }: Pick<Solution, "ladder" | "problem">,
): void {
  const found = LADDERS.find(({ name }) => name === ladder);
  if (!found) {
    const names = LADDERS.map(({ name }) => name).join(", ");
    throw new VitrineError(`ladders: are ${names}, got ${ladder}`);
  }
  climb(rec, found, problem);
}
