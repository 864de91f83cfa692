// The learning rates that a training can be asked for by name. Each is what a class of Keras's computes, taken once an
// epoch.

import type { Callback } from "./callbacks/callback.ts";
import { holdThenDecay, type Schedule } from "./callbacks/learning-rate-scheduler.ts";
import { ReduceLROnPlateau } from "./callbacks/reduce-lr-on-plateau.ts";

export const SCHEDULE_NAMES = ["study", "constant", "exponential", "plateau", "cosine"] as const;
export type ScheduleName = (typeof SCHEDULE_NAMES)[number];

/** Of `exponential`: what an epoch leaves of the rate. */
export const DECAY_RATE = 0.9;

/** Of `plateau`. Keras's own patience of 10 would outlast early stopping. */
export const PLATEAU = { factor: 0.5, patience: 2 } as const;

export interface ScheduleOptions {
  /** Of the first epoch. */
  readonly learningRate: number;
  /** Of the whole training. */
  readonly epochs: number;
}

/** Null for `plateau`, which depends on how training goes: a callback sees to it. */
export function scheduleOf(name: ScheduleName, options: ScheduleOptions): Schedule | null {
  const { learningRate, epochs } = options;
  switch (name) {
    case "study":
      return holdThenDecay;
    case "constant":
      return (_epoch, rate) => rate;
    case "exponential":
      // ExponentialDecay(learning_rate, decay_steps=1 epoch, decay_rate, staircase=True)
      return (epoch) => learningRate * DECAY_RATE ** epoch;
    case "cosine":
      // CosineDecay(learning_rate, decay_steps=epochs): 0 after the last one.
      return (epoch) => (learningRate * (1 + Math.cos((Math.PI * epoch) / epochs))) / 2;
    case "plateau":
      return null;
  }
}

export function scheduleCallbacks(name: ScheduleName): readonly Callback[] {
  return name === "plateau" ? [new ReduceLROnPlateau(PLATEAU)] : [];
}
