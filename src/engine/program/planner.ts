// The planner reads a program and decides what need not run and where each of its own tensors lives: storages whose
// lives do not meet share a slot, a buffer of its own. (One buffer per slot rather than offsets into one buffer, because
// WebGPU forbids binding a buffer for reading and for writing in the same dispatch.) It needs no device.

import { rootStorage, type Storage, type Tensor } from "../core/tensor.ts";
import { type Invariants, invariantsOf, NO_INVARIANTS } from "./invariants.ts";
import { type Dispatch, type Program, readsOf, tensorsOf, writesOf } from "./program.ts";

export interface PlanOptions {
  /** Lets storages whose lives do not meet share a slot; without it every tensor can be read afterwards. Default true. */
  readonly sharesSlots?: boolean;
  /**
   * Keeps what is computed of variables alone from replay to replay, at the price of its memory, and does not compute it again before a
   * variable is written. Not together with `sharesSlots: false`. Default false.
   */
  readonly keepsInvariants?: boolean;
}

/** A dispatch that is not run, and why. */
export interface Dropped {
  readonly dispatch: Dispatch;
  /** What it would have computed. */
  readonly unread: readonly Tensor[];
  /** Ids of the dispatches that read it, all of them dropped too; empty where nobody does. */
  readonly readers: readonly number[];
}

/** When the tensors of a storage are used, in ids of dispatches, and where they are. */
export interface Life {
  readonly storage: Storage;
  readonly first: number;
  readonly last: number;
  /** Whether it may be read after the program has run. */
  readonly outlives: boolean;
  /** Null where it is persistent, and lies where the device has put it. */
  readonly slot: number | null;
}

export interface Plan {
  /** Those that run. */
  readonly dispatches: readonly Dispatch[];
  readonly dropped: readonly Dropped[];
  /** Of every root storage that is used, in order of first use. */
  readonly lives: ReadonlyMap<Storage, Life>;
  /** Bytes of each slot. */
  readonly slotBytes: readonly number[];
  /** Those whose results are kept from replay to replay; their slots are this program's alone. */
  readonly invariants: Invariants;
}

export function plan(program: Program, options: PlanOptions = {}): Plan {
  const { sharesSlots = true, keepsInvariants = false } = options;
  const { live, dead } = withoutDeadCode(program);
  const isKeeping = keepsInvariants && sharesSlots;
  const invariants = isKeeping ? invariantsOf(program, live) : NO_INVARIANTS;
  const uses = usesIn(live, program.kept, invariants);
  const { slots, slotBytes } = assignSlots(uses, sharesSlots, invariants);
  const lives = new Map<Storage, Life>();
  for (const use of uses) {
    const outlives = use.outlives || !sharesSlots;
    lives.set(use.storage, { ...use, outlives, slot: slots.get(use.storage) ?? null });
  }
  const dropped = dead.map((dispatch) => droppedFrom(program, dispatch));
  return { dispatches: live, dropped, lives, slotBytes, invariants };
}

/** The dispatches of a program that have a reader, or write what is kept or persists. */
export function liveDispatches(program: Program): readonly Dispatch[] {
  return withoutDeadCode(program).live;
}

/** Finds dispatches whose results nobody reads: the softmax that a loss computes anew, the gradient of the images. */
function withoutDeadCode({ dispatches, kept }: Program) {
  const needed = new Set<Storage>(kept.map(rootStorage));
  const live: Dispatch[] = [];
  const dead: Dispatch[] = [];
  for (const dispatch of dispatches.toReversed()) {
    const matters = writesOf(dispatch).some((tensor) => {
      const storage = rootStorage(tensor);
      return storage.persistent || needed.has(storage);
    });
    (matters ? live : dead).push(dispatch);
    if (matters) for (const tensor of tensorsOf(dispatch)) needed.add(rootStorage(tensor));
  }
  return { live: live.reverse(), dead: dead.reverse() };
}

function droppedFrom({ dispatches }: Program, dispatch: Dispatch): Dropped {
  const unread = writesOf(dispatch);
  const storages = new Set(unread.map(rootStorage));
  const reads = (other: Dispatch) =>
    other !== dispatch && readsOf(other).some((tensor) => storages.has(rootStorage(tensor)));
  return { dispatch, unread, readers: dispatches.filter(reads).map(({ id }) => id) };
}

/** Why a dispatch is not run, in words. */
export function reasonOf({ unread, readers }: Dropped): string {
  const labels = unread.map(({ label }) => label).join(", ");
  if (readers.length === 0) return `nobody reads ${labels}`;
  return `${labels} is read by what is not run either: ${readers.map((id) => `#${id}`).join(", ")}`;
}

type Use = Omit<Life, "slot">;

function usesIn(
  dispatches: readonly Dispatch[],
  kept: readonly Tensor[],
  { results }: Invariants,
): readonly Use[] {
  const outliving = new Set([...kept.map(rootStorage), ...results]);
  const uses = new Map<
    Storage,
    { storage: Storage; first: number; last: number; outlives: boolean }
  >();
  for (const dispatch of dispatches) {
    for (const storage of tensorsOf(dispatch).map(rootStorage)) {
      const use = uses.get(storage);
      const outlives = storage.persistent || outliving.has(storage);
      if (use) use.last = dispatch.id;
      else uses.set(storage, { storage, first: dispatch.id, last: dispatch.id, outlives });
    }
  }
  return [...uses.values()];
}

/** In order of birth, each storage takes the free slot that fits best, growing one rather than opening another. */
function assignSlots(uses: readonly Use[], sharesSlots: boolean, { results }: Invariants) {
  const slots = new Map<Storage, number>();
  const slotBytes: number[] = [];
  const freeFrom: number[] = [];
  for (const { storage, first, last, outlives } of uses) {
    if (storage.persistent) continue;
    const waste = (slot: number) => Math.abs((slotBytes[slot] ?? 0) - storage.bytes);
    // In a slot that something had before, what is kept would be lost to that in the next replay.
    const free = results.has(storage)
      ? []
      : freeFrom.flatMap((from, slot) => (from < first ? [slot] : []));
    const slot = free.sort((a, b) => waste(a) - waste(b))[0] ?? slotBytes.length;
    slots.set(storage, slot);
    slotBytes[slot] = Math.max(slotBytes[slot] ?? 0, storage.bytes);
    freeFrom[slot] = outlives || !sharesSlots ? Number.POSITIVE_INFINITY : last;
  }
  return { slots, slotBytes };
}
