// The learning rate as a person sets it while training goes on, by the same control as Keras's callbacks. The next step that is submitted
// has it; schedules go on from there, or, where they do not look at the rate that they find, are scaled by what the person made of it.

import { UsageError } from "../engine/core/errors.ts";
import {
  type Callback,
  type Logs,
  type Remembering,
  recalled,
  type TrainingControl,
} from "../train/callbacks/callback.ts";
import type { Schedule } from "../train/callbacks/learning-rate-scheduler.ts";
import type { EventLog } from "./event-log.ts";

/** As a run records it. */
export type RateChange = {
  readonly epoch: number;
  /** The last step that was known to be done: one or two submits later, it held. */
  readonly step: number;
  readonly from: number;
  readonly to: number;
};

export interface SteeringOptions {
  readonly log: EventLog;
  readonly schedule?: Schedule | undefined;
  readonly place: () => { readonly epoch: number; readonly step: number };
}

/** A callback; comes before those that write histories, so that they have its `lr`. */
export class Steering implements Callback {
  changes: RateChange[] = [];
  readonly #options: SteeringOptions;
  #control: TrainingControl | null = null;
  #factor = 1;
  #told = Number.NaN;

  constructor(options: SteeringOptions) {
    this.#options = options;
  }

  /** Throws UsageError for what is no rate, and while nothing is trained. */
  set(rate: unknown): void {
    if (typeof rate !== "number" || !(rate > 0) || !Number.isFinite(Math.fround(rate))) {
      throw new UsageError(`rate: must be a number above 0, got ${JSON.stringify(rate)}`);
    }
    const control = this.#control;
    if (!control) throw new UsageError("rate: can be set while the model trains, got it at rest");
    const from = control.learningRate;
    control.learningRate = rate;
    const { learningRate: to } = control;
    if (to === from) return;
    if (from > 0) this.#factor *= to / from;
    this.changes.push({ ...this.#options.place(), from, to });
    this.#tell(true);
  }

  readonly memory: Remembering = {
    name: "steering",
    save: () => ({ values: { factor: this.#factor, changes: [...this.changes] } }),
    load: ({ values }) => {
      this.#factor = recalled(values["factor"]);
      this.changes = [...(values["changes"] as readonly RateChange[])];
    },
  };

  onTrainBegin(control: TrainingControl): void {
    this.#control = control;
  }

  onEpochBegin(epoch: number, control: TrainingControl): void {
    const { schedule } = this.#options;
    if (this.#factor !== 1 && schedule && isAbsolute(schedule, epoch)) {
      control.learningRate *= this.#factor;
    }
    this.#tell(false, epoch + 1);
  }

  /** Callbacks that change the rate have logged it already, as it was during the epoch. */
  onEpochEnd(_epoch: number, logs: Logs, control: TrainingControl): void {
    logs["lr"] ??= control.learningRate;
  }

  onTrainEnd(): void {
    this.#control = null;
  }

  #tell(isByHand: boolean, epoch?: number): void {
    const learningRate = this.#control?.learningRate ?? Number.NaN;
    if (learningRate === this.#told) return;
    this.#told = learningRate;
    const place = epoch === undefined ? this.#options.place() : { epoch, step: 0 };
    this.#options.log.tell({ type: "rate", learningRate, ...place, isByHand });
  }
}

/** Whether a schedule gives the same rate whatever it was before. */
function isAbsolute(schedule: Schedule, epoch: number): boolean {
  return schedule(epoch, 1) === schedule(epoch, 0.5);
}
