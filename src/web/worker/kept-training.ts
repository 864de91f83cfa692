// The last training's state in the browser's own store (IndexedDB), so that it outlives a lost device, a closed tab and a crash: as the
// checkpoints of `npm run train`, it goes on to the same bits.

import { variablesOf } from "../../engine/layers/model.ts";
import { createModel } from "../../models/models.ts";
import type { KeptView, TrainingChoice } from "../../page/web/protocol.ts";
import type { TrainingState } from "../../train/training-state.ts";
import type { Basis } from "./keras-models.ts";

export interface KeptTraining {
  readonly choice: TrainingChoice;
  /** Of its weights those that no step changes, which the state has not. */
  readonly basis: Basis;
  /** SHA-256 of the rows that it was trained on. */
  readonly data: string;
  readonly title: string;
  readonly adapter: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly state: TrainingState;
}

/** What a state needs beside it to go on, and no more: it is written at every epoch's end. */
export function keptBasis({ config, optimisation, weights }: Basis): Basis {
  const fixed = [...variablesOf(createModel(config))].flatMap(({ name, trainable }) => {
    const values = trainable ? undefined : weights?.get(name);
    return values ? [[name, values] as const] : [];
  });
  return { config, optimisation, ...(fixed.length > 0 ? { weights: new Map(fixed) } : {}) };
}

const STORE = "trainings";
const LAST = "last";

/** Null where there is none, or the browser keeps nothing. */
export async function keptTraining(): Promise<KeptTraining | null> {
  const found = await within("readonly", (store) => store.get(LAST)).catch(() => undefined);
  return (found as KeptTraining | undefined) ?? null;
}

/** In place of the one before. What the browser cannot keep, it does not: the training goes on without. */
export async function keepTraining(kept: KeptTraining): Promise<void> {
  await within("readwrite", (store) => store.put(kept, LAST)).catch(() => undefined);
}

/** As the page says it. */
export async function keptView(): Promise<KeptView | null> {
  const kept = await keptTraining();
  if (!kept) return null;
  const { choice, title, at, state } = kept;
  return { model: choice.model, title, at, epoch: state.epoch, epochs: choice.epochs };
}

export async function forgetTraining(): Promise<void> {
  await within("readwrite", (store) => store.delete(LAST)).catch(() => undefined);
}

async function within<Result>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const opening = indexedDB.open("vitrine", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await settled(opening);
  try {
    return await settled(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
