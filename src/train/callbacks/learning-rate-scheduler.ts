// Sets the learning rate at the start of every epoch, as Keras's LearningRateScheduler, and logs it as `lr`.

import type { Callback, Logs, TrainingControl } from "./callback.ts";

/** The rate for an epoch (from 0), given the rate of the one before. */
export type Schedule = (epoch: number, learningRate: number) => number;

export class LearningRateScheduler implements Callback {
  readonly #schedule: Schedule;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  onEpochBegin(epoch: number, control: TrainingControl): void {
    control.learningRate = this.#schedule(epoch, control.learningRate);
  }

  onEpochEnd(_epoch: number, logs: Logs, control: TrainingControl): void {
    logs["lr"] = control.learningRate;
  }
}

/** Logs the rate that is there at the end of an epoch. */
export class LearningRateLog implements Callback {
  onEpochEnd(_epoch: number, logs: Logs, control: TrainingControl): void {
    logs["lr"] = control.learningRate;
  }
}

/** The study's schedule: the rate holds for 10 epochs and is then multiplied by exp(−0.1) each epoch, in float32. */
export function holdThenDecay(epoch: number, learningRate: number): number {
  return epoch < 10 ? learningRate : Math.fround(learningRate * Math.fround(Math.exp(-0.1)));
}
