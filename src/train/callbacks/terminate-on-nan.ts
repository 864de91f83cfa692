// Stops training at the end of an epoch whose loss, weights or other figures are NaN or infinite, as Keras's TerminateOnNaN
// (which looks at the loss alone, but at that of every batch; here losses stay on the device during an epoch).

import { divergenceOf } from "../divergence-error.ts";
import type { Callback, Logs, TrainingControl } from "./callback.ts";

export class TerminateOnNaN implements Callback {
  /** Epoch (from 0) at which it stopped, or null. */
  stoppedEpoch: number | null = null;
  /** What is no number then: `the loss`. */
  what: string | null = null;

  onEpochEnd(epoch: number, logs: Logs, control: TrainingControl): void {
    this.what = divergenceOf(logs, control.weights);
    if (this.what === null) return;
    this.stoppedEpoch = epoch;
    control.stop();
  }
}
