// Holds the rungs that a file's kernels belong to against the naive rung as it is shipped, and against float64 loops, problem by problem,
// on shapes that kernels go wrong at.

import type { Device } from "../../engine/core/device.ts";
import { capabilitiesOf } from "../../engine/program/program.ts";
import { randomInputs } from "../rungs/measure-rungs.ts";
import { compare } from "../verify/compare.ts";
import type { Product } from "../verify/reference/product.ts";
import { outputOf, productOf, resultsOf } from "../verify/reference/products.ts";
import type { Expected } from "../verify/reference/reference.ts";
import { roomOf, withRoom } from "../verify/room.ts";
import { Stand, solveOn } from "../verify/solve.ts";
import type { Values } from "../walk.ts";
import { type AwkwardProblem, awkwardProblems, rungsOfFile } from "./awkward-problems.ts";
import type { EditCheck } from "./edit-trial.ts";

export interface AwkwardRequest {
  /** Whose kernels are edited. */
  readonly trial: Device;
  /** Whose are as they are shipped. */
  readonly shipped: Device;
  readonly file: string;
  /** Problems at most, those of few shapes first; default all. */
  readonly most?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProblem?: ((done: number, total: number) => void) | undefined;
}

interface RungProblem extends AwkwardProblem {
  readonly rungs: readonly string[];
}

/** Throws KernelError where a specialisation that a shape asks for does not compile. */
export async function awkwardChecks(request: AwkwardRequest): Promise<readonly EditCheck[]> {
  const { trial, file, most = Number.POSITIVE_INFINITY, signal, onProblem } = request;
  const capabilities = capabilitiesOf(trial);
  const problems = [...awkwardProblems(capabilities)]
    .map((one) => ({ ...one, rungs: rungsOfFile(one.solution, file, capabilities) }))
    .filter(({ rungs }) => rungs.length > 0)
    .slice(0, most);
  const checks: EditCheck[] = [];
  for (const [index, problem] of problems.entries()) {
    signal?.throwIfAborted();
    onProblem?.(index, problems.length);
    checks.push(...(await checkProblem(request, problem)));
  }
  return checks;
}

async function checkProblem(
  { trial, shipped }: AwkwardRequest,
  problem: RungProblem,
): Promise<EditCheck[]> {
  const { solution, rungs } = problem;
  const product = productOf(solution);
  if (!product) return [];
  const values = randomInputs(product);
  const truths: Truth[] = [];
  for (const of of resultsOf(product)) {
    const naive = await solveOn(shipped, { solution, product, of, values, rung: "naive" });
    truths.push({ of, naive, at: remembered(outputOf(of, values).at) });
  }
  const stand = new Stand(trial, { solution, product, values });
  try {
    const checks: EditCheck[] = [];
    for (const rung of rungs) {
      const executable = await stand.compile(stand.record(rung));
      stand.poison();
      executable.run();
      for (const truth of truths) {
        const got = await stand.result(executable, truth.of);
        checks.push(...checksOf(problem, { rung, got, truth }));
      }
      executable.dispose();
    }
    return checks;
  } finally {
    stand.close();
  }
}

interface Truth {
  readonly of: Product;
  readonly naive: Values;
  readonly at: (index: number) => Expected | null;
}

function checksOf(
  { label, solution }: AwkwardProblem,
  { rung, got, truth }: { readonly rung: string; readonly got: Values; readonly truth: Truth },
): EditCheck[] {
  const { of, naive, at } = truth;
  const room = roomOf(solution, { rung, got });
  const besideNaive = (index: number): Expected | null => {
    const exact = at(index);
    // Both are rounded.
    return exact && { value: naive[index] ?? Number.NaN, error: 2 * exact.error };
  };
  const where = "awkward" as const;
  const about = { where, of: `${solution.ladder} on ${rung}`, what: label, tensor: of.out.label };
  return (["naive", "float64"] as const).map((against): EditCheck => {
    const expectedAt = against === "naive" ? besideNaive : at;
    const indices = naive.keys();
    const found = compare(got, indices, (index) => withRoom(expectedAt(index), room));
    return { ...about, against, ...found };
  });
}

/** Several rungs are held against the same sums. */
function remembered(at: (index: number) => Expected | null): (index: number) => Expected | null {
  const known: (Expected | null)[] = [];
  return (index) => {
    known[index] ??= at(index);
    return known[index] ?? null;
  };
}
