// Stops training at the end of an epoch whose loss is NaN or infinite, as Keras's TerminateOnNaN (which looks at every
// batch; here losses stay on the device during an epoch).

import type { Callback, Logs, TrainingControl } from "./callback.ts";

export class TerminateOnNaN implements Callback {
  /** Epoch (from 0) at which it stopped, or null. */
  stoppedEpoch: number | null = null;

  onEpochEnd(epoch: number, logs: Logs, control: TrainingControl): void {
    if (Number.isFinite(logs["loss"])) return;
    this.stoppedEpoch = epoch;
    control.stop();
  }
}
