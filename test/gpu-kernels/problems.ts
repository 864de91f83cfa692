// What the bench computes, by ladder and op. Rungs are the ladders' own; a ladder without problems here is an error of the bench.

import { VitrineError } from "../../src/engine/core/errors.ts";
import { LADDERS } from "../../src/engine/ops/ladders.ts";
import { rungOfName } from "../../src/engine/program/ladder.ts";
import type { Capabilities } from "../../src/engine/program/program.ts";
import { type BenchProblem, inHalves, type Ways, waysOf } from "./check-case.ts";
import { convProblems } from "./conv-problems.ts";
import { gemmProblems } from "./gemm-problems.ts";
import { groupedProblems } from "./grouped-problems.ts";
import { opProblems } from "./op-problems.ts";

/** One problem to be solved in one way. */
export interface BenchCase {
  /** Of a ladder or an op: `conv2d.dx`. */
  readonly subject: string;
  /** The rung, or a variant of one; empty for an op that chooses by itself. */
  readonly rung: string;
  readonly problem: BenchProblem;
}

export interface CaseRequest {
  readonly capabilities: Capabilities;
  readonly isShort: boolean;
  /** Only what has this in `subject rung`. */
  readonly filter?: string;
}

/** Every rung of every ladder with every problem that it takes, variants with some of them, and the ops. */
export function benchCases({
  capabilities,
  isShort,
  filter = "",
}: CaseRequest): readonly BenchCase[] {
  const lanes = capabilities.subgroupSize ?? 1;
  const onLadders = LADDERS.flatMap(({ name: subject }) => {
    const problems = problemsOf(subject, isShort);
    const whole = problems.flatMap((problem, index) => {
      const ways = waysOf(problem, subject, capabilities);
      const turn = { problem: index, lanes, isShort };
      return sampled(ways, turn).map((rung) => ({ subject, rung, problem }));
    });
    return [...whole, ...halvedCases(subject, { capabilities, isShort })];
  });
  const others = opProblems(isShort).flatMap(({ op: subject, problems }) =>
    problems.map((problem) => ({ subject, rung: "", problem })),
  );
  return [...onLadders, ...others].filter(({ subject, rung }) =>
    `${subject} ${rung}`.toLowerCase().includes(filter.toLowerCase()),
  );
}

/** Of so many variants a problem gets one; no divisor of the ways to store operands, so that every variant meets all of them. */
const VARIANTS_EACH = 5;

/**
 * All rungs, and some variants, for each of them compiles for a second: others at each problem, and on adapters of other subgroups.
 * In a short run it is one.
 */
function sampled(
  { rungs, variants }: Ways,
  turn: { readonly problem: number; readonly lanes: number; readonly isShort: boolean },
): readonly string[] {
  const adapter = Math.round(Math.log2(turn.lanes));
  const own = turn.isShort
    ? variants.filter((_, at) => at === (3 * turn.problem + adapter) % variants.length)
    : variants.filter((_, at) => (at + turn.problem + adapter) % VARIANTS_EACH === 0);
  return [...rungs, ...own];
}

/** Of the ways that are for operands of f16, each with all problems; in a short run the rung and one variant, with one. */
function halvedCases(
  subject: string,
  { capabilities, isShort }: Pick<CaseRequest, "capabilities" | "isShort">,
): readonly BenchCase[] {
  const problems = problemsOf(subject, isShort).map(inHalves);
  return problems.flatMap((problem, index) => {
    const { rungs, variants } = waysOf(problem, subject, capabilities);
    const own = [...rungs, ...variants].filter((rung) => rungOfName(rung) === FOR_HALVES);
    const turns = isShort ? own.filter((_, at) => at === index && at < 2) : own;
    return turns.map((rung) => ({ subject, rung, problem }));
  });
}

/** The rung that takes such operands only. */
export const FOR_HALVES = "subgroup-matrix";

/** Throws VitrineError for a ladder that has none. */
export function problemsOf(ladder: string, isShort: boolean): readonly BenchProblem[] {
  const convolutions = [...convProblems(ladder, isShort), ...groupedProblems(ladder, isShort)];
  const problems = ladder === "gemm" ? [...gemmProblems(isShort)] : convolutions;
  if (problems.length > 0) return problems;
  throw new VitrineError(`gpu-kernels: every ladder has problems, got none for ${ladder}`, {
    help: "add them in test/gpu-kernels/problems.ts: docs/gpu-kernels.md says how",
  });
}
