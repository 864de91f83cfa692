// A training's events as the page is told them: with throughput and the time that is left. Any number of trainings follow one another in
// a search or a cross-validation.

import type { MetricValues } from "../engine/ops/metrics.ts";
import type { Logs } from "../train/callbacks/callback.ts";
import type { FitEvents } from "../train/fit-events.ts";
import type { StepStatistics } from "../train/step-statistics.ts";
import type { EventLog } from "./event-log.ts";

/** The training that is told of next. */
export interface Curve {
  /** As the events call it. */
  readonly name: string;
  /** Number of its last epoch. */
  readonly epochs: number;
  readonly batchSize: number;
  /** Trainings after this one; null where nobody knows. */
  readonly remaining: number | null;
}

/** Handed on as events: what it hears are properties of its own. */
export class LiveFit implements FitEvents {
  readonly #log: EventLog;
  readonly #now: () => number;
  #curve: Curve = { name: "run", epochs: 1, batchSize: 1, remaining: 0 };
  #curveStart = 0;
  /** Seconds of the trainings that are over, and of the epochs of this one. */
  readonly #curves: number[] = [];
  #epochs: number[] = [];
  #epoch = 0;
  #steps = 0;
  #epochStart = 0;
  #last: { readonly step: number; readonly at: number } | null = null;

  /** `now`: milliseconds; for tests. */
  constructor(log: EventLog, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** Before a training. */
  begin(curve: Curve): void {
    this.#curve = curve;
    this.#curveStart = this.#now();
    this.#epochs = [];
  }

  /** After one. */
  end(): void {
    this.#curves.push((this.#now() - this.#curveStart) / 1000);
  }

  /** Where training stands: the epoch, and the last step of it that is known to be done. */
  get place(): { readonly epoch: number; readonly step: number } {
    return { epoch: Math.max(1, this.#epoch), step: this.#last?.step ?? 0 };
  }

  readonly onCompile = (label: string, index: number, total: number): void => {
    this.#log.tell({ type: "compile", label, index, total });
  };

  readonly onEpochBegin = (epoch: number, steps: number): void => {
    [this.#epoch, this.#steps, this.#last] = [epoch, steps, null];
    this.#epochStart = this.#now();
    this.#log.tell({ type: "epochBegin", curve: this.#curve.name, epoch, steps });
  };

  readonly onProgress = (step: number, { loss, accuracy, rows }: MetricValues): void => {
    const now = this.#now();
    const { name: curve, batchSize } = this.#curve;
    const before = this.#last;
    const msPerStep =
      before && step > before.step ? (now - before.at) / (step - before.step) : null;
    this.#last = { step, at: now };
    const imagesPerSecond = msPerStep ? (1000 * batchSize) / msPerStep : null;
    const hits = Number.isNaN(accuracy) ? null : accuracy;
    const figures = {
      rows,
      loss,
      accuracy: hits,
      msPerStep,
      imagesPerSecond,
      eta: this.#eta(step, now),
    };
    this.#log.tell({ type: "progress", curve, epoch: this.#epoch, step, ...figures });
  };

  readonly onStatistics = (statistics: StepStatistics, epoch: number): void => {
    this.#log.tell({ type: "statistics", epoch, ...statistics });
  };

  readonly onEpochEnd = (epoch: number, logs: Logs): void => {
    const seconds = (this.#now() - this.#epochStart) / 1000;
    this.#epochs.push(seconds);
    this.#log.tell({ type: "epoch", curve: this.#curve.name, epoch, logs, seconds });
  };

  /** Seconds: what whole epochs took is what they will take; before there is one, what its steps so far say. */
  #eta(step: number, now: number): number | null {
    const { epochs, remaining } = this.#curve;
    const within = (now - this.#epochStart) / 1000;
    const epoch = mean(this.#epochs) ?? (within * this.#steps) / step;
    const left = Math.max(0, epoch - within) + epoch * Math.max(0, epochs - this.#epoch);
    if (remaining === null || remaining === 0) return remaining === null ? null : left;
    const whole = (now - this.#curveStart) / 1000 + left;
    return left + remaining * (mean(this.#curves) ?? whole);
  }
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
