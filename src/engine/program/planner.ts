// The planner reads a program and decides what need not run and where each of its own tensors lives: storages whose
// lives do not meet share a slot, a buffer of its own. (One buffer per slot rather than offsets into one buffer, because
// WebGPU forbids binding a buffer for reading and for writing in the same dispatch.)

import { rootOf, type Storage, type Tensor } from "../core/tensor.ts";
import type { Dispatch, Program } from "./program.ts";

export interface Plan {
  readonly dispatches: readonly Dispatch[];
  /** Slot of each root storage that has no place of its own. */
  readonly slots: ReadonlyMap<Storage, number>;
  /** Bytes of each slot. */
  readonly slotBytes: readonly number[];
}

export function plan(program: Program): Plan {
  const dispatches = withoutDeadCode(program);
  const { slots, slotBytes } = assignSlots(dispatches, program.kept);
  return { dispatches, slots, slotBytes };
}

function root(tensor: Tensor): Storage {
  return rootOf(tensor.storage).root;
}

/** Drops dispatches whose results nobody reads: the softmax that a loss computes anew, the gradient of the images. */
function withoutDeadCode(program: Program): readonly Dispatch[] {
  const needed = new Set<Storage>(program.kept.map(root));
  const live: Dispatch[] = [];
  for (const dispatch of program.dispatches.toReversed()) {
    const matters = dispatch.writes.some((tensor) => {
      const storage = root(tensor);
      return storage.place !== null || needed.has(storage);
    });
    if (!matters) continue;
    live.push(dispatch);
    for (const tensor of [...dispatch.reads, ...dispatch.writes]) needed.add(root(tensor));
  }
  return live.reverse();
}

interface Life {
  readonly storage: Storage;
  readonly first: number;
  last: number;
}

function livesOf(dispatches: readonly Dispatch[], kept: readonly Tensor[]): readonly Life[] {
  const lives = new Map<Storage, Life>();
  for (const [index, { reads, writes }] of dispatches.entries()) {
    for (const tensor of [...reads, ...writes]) {
      const storage = root(tensor);
      if (storage.place) continue;
      const life = lives.get(storage);
      if (life) life.last = index;
      else lives.set(storage, { storage, first: index, last: index });
    }
  }
  for (const tensor of kept) {
    const life = lives.get(root(tensor));
    if (life) life.last = Number.POSITIVE_INFINITY;
  }
  return [...lives.values()];
}

/** In order of birth, each storage takes the free slot that fits best, growing one rather than opening another. */
function assignSlots(dispatches: readonly Dispatch[], kept: readonly Tensor[]) {
  const slots = new Map<Storage, number>();
  const slotBytes: number[] = [];
  const freeFrom: number[] = [];
  for (const { storage, first, last } of livesOf(dispatches, kept)) {
    const waste = (slot: number) => Math.abs((slotBytes[slot] ?? 0) - storage.bytes);
    const free = freeFrom.flatMap((from, slot) => (from < first ? [slot] : []));
    const slot = free.sort((a, b) => waste(a) - waste(b))[0] ?? slotBytes.length;
    slots.set(storage, slot);
    slotBytes[slot] = Math.max(slotBytes[slot] ?? 0, storage.bytes);
    freeFrom[slot] = last;
  }
  return { slots, slotBytes };
}
