// Keeps the weights of the epoch in which a figure was best, and brings them back at the end. After Keras's EarlyStopping
// and KerasTuner's SaveBestEpoch, which do the same; it stops nothing.

import type { Weights } from "../engine/layers/variables.ts";
import {
  type Callback,
  improves,
  type Logs,
  type Remembering,
  recalled,
  remembered,
  type TrainingControl,
} from "./callbacks/callback.ts";
import { divergenceOf } from "./divergence-error.ts";

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
  /** Null while no epoch has the figure, or none is of numbers only. */
  kept: KeptEpoch | null = null;

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
    this.#best = worstOf(monitor);
  }

  readonly memory: Remembering = {
    name: "best-epoch",
    save: () => {
      const { epoch = null, logs = {}, weights } = this.kept ?? {};
      return { values: { best: remembered(this.#best), epoch, logs }, weights };
    },
    load: ({ values, weights }) => {
      this.#best = recalled(values["best"]);
      const { epoch, logs } = values;
      const isKept = typeof epoch === "number" && weights !== undefined;
      this.kept = isKept ? { epoch, logs: logs as Logs, weights } : null;
    },
  };

  onTrainBegin(): void {
    this.#best = worstOf(this.#monitor);
    this.kept = null;
  }

  onEpochEnd(epoch: number, logs: Logs, { weights }: TrainingControl): void {
    const { name, direction: mode } = this.#monitor;
    const current = logs[name];
    if (current === undefined || !improves({ name, mode, minDelta: 0 }, current, this.#best))
      return;
    // An accuracy is a number even where weights are none.
    if (divergenceOf(logs, weights) !== null) return;
    this.kept = { epoch: epoch + 1, logs, weights };
    this.#best = current;
  }

  onTrainEnd(control: TrainingControl): void {
    if (this.kept) control.restore(this.kept.weights);
  }
}

function worstOf({ direction }: Monitor): number {
  return direction === "max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
