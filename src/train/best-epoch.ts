// Keeps the weights of the epoch in which a figure was best, and brings them back at the end. After Keras's EarlyStopping
// and KerasTuner's SaveBestEpoch, which do the same; it stops nothing. Where moving averages are kept, it keeps those.

import type { Weights } from "../engine/layers/variables.ts";
import type { OptimizerValues } from "../engine/optim/optimizer-values.ts";
import {
  type Callback,
  type CallbackState,
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
  /** What the optimiser had come to; null where that is not kept. */
  readonly optimizer: OptimizerValues | null;
}

export interface BestEpochOptions {
  /** What the optimiser has come to, which is then kept as well; default: it is not. */
  readonly optimizer?: () => Promise<OptimizerValues | null>;
}

export class BestEpoch implements Callback {
  readonly #monitor: Monitor;
  readonly #optimizer: BestEpochOptions["optimizer"];
  #best: number;
  /** Null while no epoch has the figure, or none is of numbers only. */
  kept: KeptEpoch | null = null;

  constructor(monitor: Monitor, { optimizer }: BestEpochOptions = {}) {
    this.#monitor = monitor;
    this.#optimizer = optimizer;
    this.#best = worstOf(monitor);
  }

  readonly memory: Remembering = {
    name: "best-epoch",
    save: () => {
      const { epoch = null, logs = {}, weights, optimizer } = this.kept ?? {};
      const values = { best: remembered(this.#best), epoch, logs };
      if (!weights || !optimizer) return { values, weights };
      const { slots, ...facts } = optimizer;
      const own = { ...facts, slots: [...slots.keys()] };
      return { values: { ...values, optimizer: own }, weights: withSlots(weights, slots) };
    },
    load: ({ values, weights }) => {
      this.#best = recalled(values["best"]);
      const { epoch, logs } = values;
      const isKept = typeof epoch === "number" && weights !== undefined;
      this.kept = isKept ? { epoch, logs: logs as Logs, ...parted(weights, values) } : null;
    },
  };

  onTrainBegin(): void {
    this.#best = worstOf(this.#monitor);
    this.kept = null;
  }

  async onEpochEnd(
    epoch: number,
    logs: Logs,
    { weights, averages }: TrainingControl,
  ): Promise<void> {
    const { name, direction: mode } = this.#monitor;
    const current = logs[name];
    if (current === undefined || !improves({ name, mode, minDelta: 0 }, current, this.#best))
      return;
    // An accuracy is a number even where weights are none.
    if (divergenceOf(logs, weights) !== null) return;
    this.#best = current;
    this.kept = { epoch: epoch + 1, logs, weights: averages ?? weights, optimizer: null };
    if (this.#optimizer) this.kept = { ...this.kept, optimizer: await this.#optimizer() };
  }

  onTrainEnd(control: TrainingControl): void {
    if (this.kept) control.restore(this.kept.weights);
  }
}

/** No variable is called so: names of layers have no colon. */
const slotPrefix = (slot: string): string => `optimizer:${slot}/`;

/** One map for both, as a checkpoint takes it. */
function withSlots(weights: Weights, slots: OptimizerValues["slots"]): Weights {
  const named = [...slots].flatMap(([slot, values]) =>
    [...values].map(([name, data]) => [`${slotPrefix(slot)}${name}`, data] as const),
  );
  return new Map([...weights, ...named]);
}

/** What `withSlots` put together; a checkpoint of old has weights alone. */
function parted(all: Weights, values: CallbackState["values"]) {
  const found = values["optimizer"] as SavedFacts | undefined;
  if (!found) return { weights: all, optimizer: null };
  const { slots, ...facts } = found;
  const of = (prefix: string): Weights =>
    new Map(
      [...all].flatMap(([name, data]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), data] as const] : [],
      ),
    );
  const prefixes = slots.map(slotPrefix);
  const weights = new Map(
    [...all].filter(([name]) => !prefixes.some((prefix) => name.startsWith(prefix))),
  );
  const own = new Map(slots.map((slot) => [slot, of(slotPrefix(slot))]));
  return { weights, optimizer: { ...facts, slots: own } };
}

type SavedFacts = Omit<OptimizerValues, "slots"> & { readonly slots: readonly string[] };

function worstOf({ direction }: Monitor): number {
  return direction === "max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
