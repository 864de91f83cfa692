// Several dispatches of a finished program as one that does all of their work, in the place of the first that it may stand in.
// Whether a kernel can do that, its op knows; here is what must hold of the program, and what becomes of it.

import { rootStorage, type Storage } from "../core/tensor.ts";
import type { DispatchRequest } from "./dispatch-request.ts";
import { liveDispatches } from "./planner.ts";
import {
  type Dispatch,
  type Program,
  readsOf,
  type Solution,
  tensorsOf,
  writesOf,
} from "./program.ts";
import { writtenDown } from "./written-down.ts";

export interface Joining {
  /** Whose place, pass and forward dispatch the new one has. */
  readonly at: Dispatch;
  /** Before or after it; all of them go. */
  readonly others: readonly Dispatch[];
  readonly request: DispatchRequest;
  /** Whose work it is, the first one's own, and the line of the model that made that one. */
  readonly layers: readonly string[];
  readonly site: string | null;
  /** What it solves, where that is still a ladder's problem; within no other. */
  readonly solution?: Solution;
}

/**
 * The program with one dispatch for several; null where that would change what some dispatch between them reads, of those that run.
 */
export function withJoined(program: Program, joining: Joining): Program | null {
  const { at, others, request, layers, site, solution: solved = null } = joining;
  const all = [at, ...others];
  const between = liveDispatches(program).filter((one) => !all.includes(one));
  if (others.some((other) => !canMove(other, at, between))) return null;
  const { pass, forwardOf } = at;
  const { op, ...written } = writtenDown(request);
  const what = { op, site, pass, layers: [...new Set(layers)], solution: solved, forwardOf };
  const kept = program.dispatches.filter((one) => !others.includes(one));
  const place = new Map(kept.map((one, id) => [one.id, id]));
  for (const { id } of others) place.set(id, place.get(at.id) ?? 0);
  const replaced = kept.map((one) => (one === at ? { ...one, ...what, ...written } : one));
  const known = solved ? [...program.solutions, solved] : program.solutions;
  const solutions = solutionsOf(known, replaced);
  const dispatches = replaced.map((one, id): Dispatch => {
    const forward = one.forwardOf === null ? null : (place.get(one.forwardOf) ?? null);
    const solution = one.solution && (solutions.get(one.solution) ?? null);
    return { ...one, id, forwardOf: forward, solution };
  });
  return { ...program, dispatches, solutions: [...solutions.values()] };
}

/** Those that the dispatches still are of, by what they were; the ids of the others are given away. */
function solutionsOf(
  solutions: readonly Solution[],
  dispatches: readonly Dispatch[],
): ReadonlyMap<Solution, Solution> {
  const used = new Set<Solution>();
  for (const { solution } of dispatches) {
    for (let one = solution; one; one = one.within) used.add(one);
  }
  const found = new Map<Solution, Solution>();
  // One that another is a part of comes before it.
  for (const one of solutions.filter((solution) => used.has(solution))) {
    const within = one.within && (found.get(one.within) ?? null);
    found.set(one, { ...one, id: found.size, within });
  }
  return found;
}

/** Whether nobody between the two minds that one of them runs where the other stands. */
function canMove(one: Dispatch, to: Dispatch, all: readonly Dispatch[]): boolean {
  const [first, last] = [Math.min(one.id, to.id), Math.max(one.id, to.id)];
  const [used, written] = [storagesOf(tensorsOf(one)), storagesOf(writesOf(one))];
  return all.every((other) => {
    if (other.id <= first || other.id >= last) return true;
    const meets = (storages: ReadonlySet<Storage>, tensors: ReturnType<typeof readsOf>) =>
      tensors.some((tensor) => storages.has(rootStorage(tensor)));
    return !(meets(used, writesOf(other)) || meets(written, readsOf(other)));
  });
}

function storagesOf(tensors: ReturnType<typeof readsOf>): ReadonlySet<Storage> {
  return new Set(tensors.map(rootStorage));
}
