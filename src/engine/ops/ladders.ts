// All ladders there are, so that what a recorded solution solved can be solved again, on another rung, by name.

import { VitrineError } from "../core/errors.ts";
import type { Kernel } from "../core/kernel.ts";
import type { RungChoices } from "../core/rung-table.ts";
import {
  climb,
  keyOfProblem,
  type Ladder,
  ladderOfKey,
  nameOfVariant,
  rungOfName,
} from "../program/ladder.ts";
import type { Capabilities, Solution } from "../program/program.ts";
import type { Recorder } from "../program/recorder.ts";
import {
  forwardKernels,
  forwardLadder,
  inputGradientKernels,
  inputGradientLadder,
  weightGradientKernels,
  weightGradientLadder,
} from "./conv2d/conv2d.ts";
import {
  groupedConv2dKernels,
  groupedDw,
  groupedDx,
  groupedForward,
} from "./conv2d/grouped-ladders.ts";
import { biasActivationKernels } from "./gemm/bias-activation.ts";
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
  yield* forwardKernels(subgroupSize);
  yield* inputGradientKernels(subgroupSize);
  yield* weightGradientKernels(subgroupSize);
  yield* groupedConv2dKernels();
}

/** What the times and bits of a ladder's rungs depend on. */
export interface LadderKernels {
  /** Those that its rungs dispatch by themselves, sums for biases included. */
  readonly own: Iterable<Kernel>;
  /** Other ladders, on which a rung solves a part of its problem. */
  readonly within: readonly string[];
}

/** Of the ladder, on an adapter whose subgroups have this size. Throws VitrineError for a ladder that there is not. */
export function kernelsOfLadder(name: string, subgroupSize: number | null): LadderKernels {
  const { own, within = [] } = OF_LADDERS[ladderOf(name).name] ?? {};
  return { own: own?.(subgroupSize) ?? [], within };
}

type Own = (subgroupSize: number | null) => Iterable<Kernel>;

// What solves a part is with its sums for biases, so whoever has a product within has those.
const OF_LADDERS: Readonly<
  Record<string, { readonly own: Own; readonly within?: readonly string[] }>
> = {
  [GEMM.name]: { own: withBiasSums(gemmKernels) },
  [forwardLadder.name]: { own: forwardKernels, within: [GEMM.name] },
  [inputGradientLadder.name]: { own: inputGradientKernels, within: [GEMM.name] },
  [weightGradientLadder.name]: { own: weightGradientKernels, within: [GEMM.name] },
  [groupedForward.name]: { own: () => ofEntry("forward") },
  [groupedDx.name]: { own: () => ofEntry("input_gradient") },
  [groupedDw.name]: { own: withBiasSums(() => ofEntry("weight_gradient")) },
};

function withBiasSums(own: Own): Own {
  return (subgroupSize) => [...own(subgroupSize), ...biasActivationKernels()];
}

function ofEntry(entry: string): readonly Kernel[] {
  return [...groupedConv2dKernels()].filter((kernel) => kernel.entry === entry);
}

/** What that rung's results may be off beyond the rounding of their sums, as a share of their largest element. */
export function errorOfLargest(ladder: string, rung: string): number {
  const rungs = LADDERS.find(({ name }) => name === ladder)?.rungs;
  return rungs?.find(({ name }) => name === rungOfName(rung))?.errorOfLargest ?? 0;
}

/** Those whose rungs are off by no more than the rounding of their sums. */
export function exactChoices(choices: RungChoices): RungChoices {
  const isExact = ([key, rung]: readonly [string, string]) =>
    errorOfLargest(ladderOfKey(key), rung) === 0;
  return new Map([...choices].filter(isExact));
}
