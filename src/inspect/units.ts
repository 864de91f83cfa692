// The parts of a step that compute something whole: a problem that a ladder solved, however many dispatches that takes; else
// a dispatch, with those right after it that finish what it began (partial sums and their sum). What passes between the
// dispatches of a unit is nobody else's business, so a unit can be told right or wrong by what goes in and comes out.

import { rootStorage, type Storage, type Tensor } from "../engine/core/tensor.ts";
import { type Dispatch, readsOf, type Solution, writesOf } from "../engine/program/program.ts";

export interface Unit {
  /** In the order in which they run; none between them is left out. */
  readonly dispatches: readonly Dispatch[];
  /** The outermost; null where no ladder is involved. */
  readonly solution: Solution | null;
}

export function firstOf({ dispatches }: Unit): Dispatch {
  const [first] = dispatches;
  if (!first) throw new Error("units: a unit has a dispatch");
  return first;
}

/** The id after its last dispatch. */
export function endOf(unit: Unit): number {
  return (unit.dispatches.at(-1) ?? firstOf(unit)).id + 1;
}

/** Tensors of elsewhere that it reads, each once. */
export function inputsOf(unit: Unit): readonly Tensor[] {
  const own = new Set<Storage>();
  const inputs = new Map<Storage, Tensor>();
  for (const dispatch of unit.dispatches) {
    for (const tensor of readsOf(dispatch)) {
      if (!own.has(rootStorage(tensor))) inputs.set(tensor.storage, tensor);
    }
    for (const tensor of writesOf(dispatch)) {
      if (!rootStorage(tensor).persistent) own.add(rootStorage(tensor));
    }
  }
  return [...inputs.values()];
}

/** Dispatches that finish what the one before has begun: sums of partial results. */
const FINISHES: ReadonlyMap<string, readonly string[]> = new Map([
  ["gemm/bias-activation/backward", ["gemm/column-sums/forward"]],
  ["batch-normalization/moments", ["batch-normalization/combine_moments"]],
  ["batch-normalization/sums", ["batch-normalization/combine_sums"]],
  ["penalty/sum_terms", ["penalty/total"]],
  // Of several tensors that have one norm.
  ["clip/sum_squares", ["clip/sum_squares", "clip/scale_to"]],
]);

/** The units of what runs of a step, in order. */
export function unitsOf(dispatches: readonly Dispatch[]): readonly Unit[] {
  const units: Dispatch[][] = [];
  for (const dispatch of dispatches) {
    const unit = units.at(-1);
    const before = unit?.at(-1);
    if (unit && before && belongTogether(before, dispatch)) unit.push(dispatch);
    else units.push([dispatch]);
  }
  return units.map((unit) => ({
    dispatches: unit,
    solution: outermost(unit[0]?.solution ?? null),
  }));
}

function outermost(solution: Solution | null): Solution | null {
  return solution?.within ? outermost(solution.within) : solution;
}

function belongTogether(before: Dispatch, dispatch: Dispatch): boolean {
  const solution = outermost(dispatch.solution);
  if (solution !== outermost(before.solution)) return false;
  if (solution) return true;
  if (!FINISHES.get(before.kernel.label)?.includes(dispatch.kernel.label)) return false;
  const written = writesOf(before).map(rootStorage);
  const taken = [...readsOf(dispatch), ...writesOf(dispatch)];
  return taken.some((tensor) => written.includes(rootStorage(tensor)));
}
