// Which dispatches of a program compute the same in every replay as long as nobody writes the model's variables: those that read
// nothing but variables, which the program itself does not write, and what other such dispatches have made of them. Winograd's
// transformed weights are the case that pays. (Compilers call it loop-invariant code.)

import { rootStorage, type Storage } from "../core/tensor.ts";
import { type Dispatch, type Program, readsOf, writesOf } from "./program.ts";

/** Bytes that results may take to be worth keeping: beyond that all are computed anew. */
const MOST_BYTES = 2 ** 30;

export interface Invariants {
  readonly dispatches: ReadonlySet<Dispatch>;
  /** What they write. */
  readonly results: ReadonlySet<Storage>;
  /** The variables' storages that they read. */
  readonly sources: ReadonlySet<Storage>;
}

export const NO_INVARIANTS: Invariants = {
  dispatches: new Set(),
  results: new Set(),
  sources: new Set(),
};

/** Of the dispatches of a program that run, in their order. */
export function invariantsOf({ variables }: Program, live: readonly Dispatch[]): Invariants {
  const writers = writersIn(live);
  const unwritten = variables
    .map(({ tensor }) => rootStorage(tensor))
    .filter((root) => root.persistent && !writers.has(root));
  const steady = new Set(unwritten);
  const dispatches = new Set<Dispatch>();
  for (const dispatch of live) {
    const written = writesOf(dispatch).map(rootStorage);
    // One writer, so that nothing else ever lies there; and nothing that somebody else may read or write between replays.
    const isAlone = written.every((root) => !root.persistent && writers.get(root) === 1);
    const reads = readsOf(dispatch).map(rootStorage);
    if (!isAlone || reads.length === 0 || !reads.every((root) => steady.has(root))) continue;
    dispatches.add(dispatch);
    for (const root of written) steady.add(root);
  }
  const results = new Set([...steady].filter((root) => !root.persistent));
  const bytes = [...results].reduce((sum, root) => sum + root.bytes, 0);
  if (bytes > MOST_BYTES) return NO_INVARIANTS;
  const sources = new Set([...dispatches].flatMap(readsOf).map(rootStorage));
  return { dispatches, results, sources: new Set([...sources].filter((one) => one.persistent)) };
}

/** How many dispatches write each storage. */
function writersIn(live: readonly Dispatch[]): ReadonlyMap<Storage, number> {
  const writers = new Map<Storage, number>();
  for (const dispatch of live) {
    for (const root of new Set(writesOf(dispatch).map(rootStorage))) {
      writers.set(root, (writers.get(root) ?? 0) + 1);
    }
  }
  return writers;
}
