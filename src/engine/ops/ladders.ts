// All ladders there are, so that what a recorded solution solved can be solved again, on another rung, by name.

import { VitrineError } from "../core/errors.ts";
import type { Kernel } from "../core/kernel.ts";
import type { RungChoices } from "../core/rung-table.ts";
import { climb, keyOfProblem, type Ladder, nameOfVariant, rungOfName } from "../program/ladder.ts";
import type { Capabilities, Solution } from "../program/program.ts";
import type { Recorder } from "../program/recorder.ts";
import {
  conv2dKernels,
  forwardLadder,
  inputGradientLadder,
  weightGradientLadder,
} from "./conv2d/conv2d.ts";
import {
  groupedConv2dKernels,
  groupedDw,
  groupedDx,
  groupedForward,
} from "./conv2d/grouped-ladders.ts";
import { GEMM, gemmKernels } from "./gemm/gemm.ts";

export const LADDERS: readonly Ladder<object>[] = [
  forwardLadder,
  inputGradientLadder,
  weightGradientLadder,
  groupedForward,
  groupedDx,
  groupedDw,
  GEMM,
];

/** Records what solves the problem, on the rung that the recorder was asked for or on the one that it would choose. */
export function solveAgain(
  rec: Recorder,
  { ladder, problem }: Pick<Solution, "ladder" | "problem">,
): void {
  climb(rec, ladderOf(ladder), problem);
}

/** What a table of rungs calls the solution's problem; problems alike in all but the tensors that they are of share it. */
export function keyOfSolution({ ladder, problem }: Pick<Solution, "ladder" | "problem">): string {
  return keyOfProblem(ladderOf(ladder), problem);
}

/** Variants of rungs, by name, that can take the solution's problem and are not what their rungs record by themselves. */
export function variantsOf(
  { ladder, problem }: Pick<Solution, "ladder" | "problem">,
  capabilities: Capabilities,
  { onlySuiting = false } = {},
): readonly string[] {
  return ladderOf(ladder).rungs.flatMap(({ name, variants = [] }) =>
    variants
      .filter((variant) => !variant.isDefault(problem) && variant.fits(problem, capabilities))
      .filter((variant) => !onlySuiting || variant.suits(problem))
      .map((variant) => nameOfVariant(name, variant.name)),
  );
}

/** Throws VitrineError for a ladder that there is not. */
function ladderOf(name: string): Ladder<object> {
  const found = LADDERS.find((ladder) => ladder.name === name);
  if (found) return found;
  const names = LADDERS.map((ladder) => ladder.name).join(", ");
  throw new VitrineError(`ladders: are ${names}, got ${name}`);
}

/** Every kernel that a rung dispatches on an adapter whose subgroups have this size. */
export function* ladderKernels(subgroupSize: number | null): Iterable<Kernel> {
  yield* gemmKernels(subgroupSize);
  yield* conv2dKernels(subgroupSize);
  yield* groupedConv2dKernels();
}

/** What that rung's results may be off beyond the rounding of their sums, as a share of their largest element. */
export function errorOfLargest(ladder: string, rung: string): number {
  const rungs = LADDERS.find(({ name }) => name === ladder)?.rungs;
  return rungs?.find(({ name }) => name === rungOfName(rung))?.errorOfLargest ?? 0;
}

/** Those whose rungs are off by no more than the rounding of their sums. */
export function exactChoices(choices: RungChoices): RungChoices {
  const isExact = ([key, rung]: readonly [string, string]) =>
    LADDERS.every(({ name }) => !key.startsWith(`${name} `) || errorOfLargest(name, rung) === 0);
  return new Map([...choices].filter(isExact));
}
