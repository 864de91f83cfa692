// Several dispatches of a finished program as one that does all of their work, in the place of the first that it may stand in.
// Whether a kernel can do that, its op knows; here is what must hold of the program, and what becomes of it.

import { rootStorage, type Storage } from "../core/tensor.ts";
import { type DispatchRequest, writtenDown } from "./dispatch-request.ts";
import { type Dispatch, type Program, readsOf, tensorsOf, writesOf } from "./program.ts";

export interface Joining {
  /** Whose place, pass and forward dispatch the new one has. */
  readonly at: Dispatch;
  /** Before or after it; all of them go. */
  readonly others: readonly Dispatch[];
  readonly request: DispatchRequest;
  /** Whose work it is, the first one's own, and the line of the model that made that one. */
  readonly layers: readonly string[];
  readonly site: string | null;
}

/**
 * The program with one dispatch for several; null where that would change what some dispatch between them reads. What was computed for
 * the joined ones alone stays recorded, and a plan drops it.
 */
export function withJoined(program: Program, joining: Joining): Program | null {
  const { at, others, request, layers, site } = joining;
  const all = [at, ...others];
  const between = program.dispatches.filter((one) => !all.includes(one));
  if (others.some((other) => !canMove(other, at, between))) return null;
  const { pass, forwardOf } = at;
  const { op, ...written } = writtenDown(request);
  const what = { op, site, pass, layers: [...new Set(layers)], solution: null, forwardOf };
  const kept = program.dispatches.filter((one) => !others.includes(one));
  const place = new Map(kept.map((one, id) => [one.id, id]));
  for (const { id } of others) place.set(id, place.get(at.id) ?? 0);
  const dispatches = kept.map((one, id): Dispatch => {
    const forward = one.forwardOf === null ? null : (place.get(one.forwardOf) ?? null);
    return { ...one, ...(one === at ? { ...what, ...written } : {}), id, forwardOf: forward };
  });
  return { ...program, dispatches };
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
