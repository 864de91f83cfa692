// The life of a training run as callbacks see it, after Keras: order of events, names and logs are Keras's. A callback
// stops a run through the control that it is handed, not by setting flags on a model.

import type { Weights } from "../../engine/layers/variables.ts";

/** Figures of one epoch, in the order in which they are printed: loss, accuracy, val_loss, val_accuracy, lr, … */
export type Logs = Record<string, number>;

/** What a callback can do to the training that calls it. */
export interface TrainingControl {
  /** Read by every step; a float32. */
  learningRate: number;
  /** Weights as the last finished epoch left them. */
  readonly weights: Weights;
  /** Their moving averages, with which training would end; none where none are kept. */
  readonly averages?: Weights | null;
  /** Ends the run after this epoch. */
  stop(): void;
  /** Overwrites the model's weights. */
  restore(weights: Weights): void;
}

/** What a callback remembers from epoch to epoch, as plain data: what JSON keeps as it is. */
export interface CallbackState {
  readonly values: Readonly<Record<string, Remembered>>;
  /** Weights that it holds back. */
  readonly weights?: Weights | undefined;
}

export type Remembered =
  | string
  | number
  | boolean
  | null
  | readonly Remembered[]
  | { readonly [key: string]: Remembered };

/** What lets a training that was killed go on as if nothing had happened. */
export interface Remembering {
  /** Of the class of callback; those of a run that have the same are told apart by their order. */
  readonly name: string;
  save(): CallbackState;
  /** After onTrainBegin of the run that goes on. */
  load(state: CallbackState): void;
}

/** Epochs count from 0, as in Keras; every hook may be asynchronous. */
export interface Callback {
  /** Null for one that remembers nothing. */
  readonly memory?: Remembering | null;
  /** Before the first epoch. */
  onTrainBegin?(control: TrainingControl): void | Promise<void>;
  /** Before the first step of an epoch. */
  onEpochBegin?(epoch: number, control: TrainingControl): void | Promise<void>;
  /** May add to `logs`; what it adds is printed and kept in the history. */
  onEpochEnd?(epoch: number, logs: Logs, control: TrainingControl): void | Promise<void>;
  /** After the last epoch, also where a callback stopped the run. */
  onTrainEnd?(control: TrainingControl): void | Promise<void>;
}

export type MonitorMode = "auto" | "min" | "max";

/** Whether `current` is better than `best` by more than `minDelta`, for a metric of that name (strictly, as Keras). */
export function improves(
  monitor: { readonly name: string; readonly mode: MonitorMode; readonly minDelta: number },
  current: number,
  best: number,
): boolean {
  return isMaximised(monitor.name, monitor.mode)
    ? current - monitor.minDelta > best
    : current + monitor.minDelta < best;
}

/** `auto` maximises metrics whose name ends in acc, accuracy or auc, as Keras 2 does, and minimises all others. */
export function isMaximised(name: string, mode: MonitorMode): boolean {
  return mode === "auto" ? /(acc|accuracy|auc)$/.test(name) : mode === "max";
}

/** A best value that everything improves on. */
export function worst(name: string, mode: MonitorMode): number {
  return isMaximised(name, mode) ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** `auto` as Keras 2's ModelCheckpoint and ReduceLROnPlateau read it: any metric with acc in its name is maximised. */
export function resolveMode(name: string, mode: MonitorMode): MonitorMode {
  if (mode !== "auto") return mode;
  return name.includes("acc") || name.startsWith("fmeasure") ? "max" : "min";
}

/** A figure as it is remembered: JSON has no infinities. */
export function remembered(value: number): Remembered {
  return Number.isFinite(value) ? value : String(value);
}

/** The figure that `remembered` made that of; NaN for anything else. */
export function recalled(value: Remembered | undefined): number {
  return typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
}
