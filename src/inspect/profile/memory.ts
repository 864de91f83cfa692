// What a step's tensors take on the device, from its plan alone: what persists, by what it holds; the slots, and what lives
// in them while the step goes on; and what the same step would take without sharing.

import type { Storage } from "../../engine/core/tensor.ts";
import { rootStorage } from "../../engine/core/tensor.ts";
import { type Life, type Plan, plan } from "../../engine/program/planner.ts";
import type { Dispatch, Program } from "../../engine/program/program.ts";

/** What a persistent storage holds. */
export type Holding = "data set" | "weights" | "gradients" | "optimiser" | "metrics";

export interface Held {
  readonly label: string;
  readonly holds: Holding;
  readonly bytes: number;
}

export interface MemoryUse {
  /** Everything at once: what persists, the slots, and the dispatches' Params. */
  readonly totalBytes: number;
  readonly persistent: readonly Held[];
  readonly persistentBytes: number;
  /** Of each slot, with the labels of what lies there in turn. */
  readonly slots: readonly { readonly bytes: number; readonly holds: readonly string[] }[];
  readonly slotBytes: number;
  /** What the slots would take if each tensor had one of its own. */
  readonly unsharedBytes: number;
  /** Uniform buffer of all dispatches. */
  readonly paramsBytes: number;
  /** Bytes of the tensors that live while each dispatch of the plan runs; of what lies in slots. */
  readonly live: readonly { readonly dispatch: number; readonly bytes: number }[];
  /** The most of them, and the first dispatch at which it is reached. */
  readonly peak: { readonly dispatch: number; readonly bytes: number };
}

/** As the executor lays them out. */
const PARAMS_BYTES = 256;

export function memoryOf(program: Program, own: Plan): MemoryUse {
  const lives = [...own.lives.values()];
  const persistent = lives
    .filter(({ slot }) => slot === null)
    .map(({ storage }) => ({
      ...{ label: storage.label, bytes: storage.bytes },
      holds: holdingOf(program, storage),
    }));
  const slots = own.slotBytes.map((bytes, slot) => ({
    bytes,
    holds: lives.filter((life) => life.slot === slot).map(({ storage }) => storage.label),
  }));
  const persistentBytes = sum(persistent.map(({ bytes }) => bytes));
  const slotBytes = sum(own.slotBytes);
  const paramsBytes = PARAMS_BYTES * Math.max(1, own.dispatches.length);
  const live = own.dispatches.map(({ id }) => ({ dispatch: id, bytes: bytesAt(lives, id) }));
  const none = { dispatch: 0, bytes: 0 };
  const peak = live.reduce((most, now) => (now.bytes > most.bytes ? now : most), live[0] ?? none);
  return {
    totalBytes: persistentBytes + slotBytes + paramsBytes,
    ...{ persistent, persistentBytes, slots, slotBytes, paramsBytes, live, peak },
    unsharedBytes: sum(plan(program, { sharesSlots: false }).slotBytes),
  };
}

/** Tensors that may be read after the step live on to its end. */
function bytesAt(lives: readonly Life[], id: number): number {
  const isLive = ({ slot, first, last, outlives }: Life) =>
    slot !== null && first <= id && (id <= last || outlives);
  return sum(lives.filter(isLive).map(({ storage }) => storage.bytes));
}

/** By who uses it: a storage knows no more than its label. */
function holdingOf({ variables, dispatches }: Program, storage: Storage): Holding {
  if (variables.some(({ tensor }) => rootStorage(tensor) === storage)) return "weights";
  const users = dispatches.filter((dispatch) => uses(dispatch, storage));
  if (users.some(({ pass }) => pass === "data")) return "data set";
  if (users.some(({ pass }) => pass === "backward")) return "gradients";
  return users.some(({ pass }) => pass === "update") ? "optimiser" : "metrics";
}

function uses({ bindings }: Dispatch, storage: Storage): boolean {
  return Object.values(bindings).some(({ tensor }) => rootStorage(tensor) === storage);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
