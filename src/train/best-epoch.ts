// Keeps the weights of the epoch in which a figure was best, and brings them back at the end. After Keras's EarlyStopping
// and KerasTuner's SaveBestEpoch, which do the same; it stops nothing.

import type { Weights } from "../engine/layers/variables.ts";
import { type Callback, improves, type Logs, type TrainingControl } from "./callbacks/callback.ts";

/** A figure of the logs, and whether less or more of it is better. */
export interface Monitor {
  /** `val_loss`. */
  readonly name: string;
  readonly direction: "min" | "max";
}

export const VAL_LOSS: Monitor = { name: "val_loss", direction: "min" };

export interface KeptEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly logs: Logs;
  readonly weights: Weights;
}

export class BestEpoch implements Callback {
  readonly #monitor: Monitor;
  #best: number;
  /** Null while no epoch has the figure. */
  kept: KeptEpoch | null = null;

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
    this.#best = worstOf(monitor);
  }

  onTrainBegin(): void {
    this.#best = worstOf(this.#monitor);
    this.kept = null;
  }

  onEpochEnd(epoch: number, logs: Logs, { weights }: TrainingControl): void {
    const { name, direction: mode } = this.#monitor;
    const current = logs[name];
    if (current === undefined) return;
    const better = improves({ name, mode, minDelta: 0 }, current, this.#best);
    // The first epoch's weights are kept whatever they are worth: a NaN improves on nothing.
    if (this.kept && !better) return;
    this.kept = { epoch: epoch + 1, logs, weights };
    if (better) this.#best = current;
  }

  onTrainEnd(control: TrainingControl): void {
    if (this.kept) control.restore(this.kept.weights);
  }
}

function worstOf({ direction }: Monitor): number {
  return direction === "max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
