// Everything that a step leaves for the next one: weights, the optimiser's slots and numbers, moving statistics, clock, order
// of the rows, running sums. Taken from one recording of a model's step, it can be put into another on the same data.

import type { Device } from "../engine/core/device.ts";
import { VitrineError } from "../engine/core/errors.ts";
import { rootStorage, type Storage, type Tensor } from "../engine/core/tensor.ts";
import { type Dispatch, type Program, tensorsOf } from "../engine/program/program.ts";

/** In the order in which the program lists what outlives it. */
export type StepState = readonly StoredBytes[];

export interface StoredBytes {
  readonly label: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a batch is read from, by the op that reads it: as large as the data set and never changed, or brought anew for each step. */
const DATA_SET: Readonly<Record<string, readonly string[]>> = {
  gather: ["images", "labels", "part"],
  "row-weights": ["sample_weights"],
};

/** The storages that a state consists of. */
export function stateStorages(program: Program): readonly Storage[] {
  const { persistent, dispatches } = program;
  const data = dataStorages(program);
  const orders = ordersBySlots(dispatches);
  // A streamed program meets slots where another meets the order.
  const storages = new Set(persistent.map((storage) => orders.get(storage) ?? storage));
  return [...storages].filter((storage) => !data.has(storage) && !isCount(storage, dispatches));
}

/** The storages of the data set itself. */
export function dataStorages({ dispatches }: Program): ReadonlySet<Storage> {
  const data = new Set(ordersBySlots(dispatches).keys());
  for (const { op, bindings } of dispatches) {
    if (!Object.hasOwn(DATA_SET, op)) continue;
    for (const name of DATA_SET[op] ?? []) {
      if (bindings[name]) data.add(rootStorage(bindings[name].tensor));
    }
  }
  return data;
}

/**
 * Where streamed rows lie, with the order of the rows: what rows are gathered by and labels are not, which all lie on the device.
 * So that a state is the same whether rows were streamed or not.
 */
function ordersBySlots(dispatches: readonly Dispatch[]): ReadonlyMap<Storage, Storage> {
  const gathers = dispatches.filter(({ op, bindings }) => op === "gather" && bindings["order"]);
  const orderOf = ({ bindings: { order } }: Dispatch) => order && rootStorage(order.tensor);
  const ofLabels = gathers.find(({ bindings }) => bindings["labels"]);
  const order = ofLabels && orderOf(ofLabels);
  const others = gathers.map(orderOf).filter((one) => one !== undefined && one !== order);
  return new Map(others.flatMap((slots) => (slots && order ? [[slots, order]] : [])));
}

/** A count of what only watches the step is no part of its state: another recording may do without. */
function isCount(storage: Storage, dispatches: readonly Dispatch[]): boolean {
  return dispatches.every(
    (dispatch) =>
      dispatch.op === "count-non-finite" || !tensorsOf(dispatch).map(rootStorage).includes(storage),
  );
}

/** A storage as a tensor, to be read and written whole. */
export function wholeOf(storage: Storage): Tensor {
  const { label, bytes } = storage;
  return { label, shape: [bytes / 4], dtype: "f32", storage };
}

/** Reads the state to the host, after everything submitted so far. */
export async function captureState(device: Device, program: Program): Promise<StepState> {
  const state: StoredBytes[] = [];
  for (const storage of stateStorages(program)) {
    const bytes = new Uint8Array(await device.read(wholeOf(storage)));
    state.push({ label: storage.label, bytes });
  }
  return state;
}

/** Puts a state back. Throws VitrineError for one of another step. */
export function restoreState(device: Device, program: Program, state: StepState): void {
  const storages = stateStorages(program);
  for (const index of Array.from({ length: Math.max(storages.length, state.length) }).keys()) {
    const [storage, stored] = [storages[index], state[index]];
    if (storage && stored?.bytes.length === storage.bytes) continue;
    throw new VitrineError(
      `state: must be of the step ${program.name}, got ${stored?.bytes.length ?? 0} bytes ` +
        `(${stored?.label ?? "nothing"}) for ${storage?.bytes ?? 0} (${storage?.label ?? "nothing"})`,
    );
  }
  for (const [index, storage] of storages.entries()) {
    const stored = state[index];
    if (stored) device.write(wholeOf(storage), stored.bytes);
  }
}
