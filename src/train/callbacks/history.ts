// Keeps what every epoch logged, metric by metric, as the History that Keras's fit returns.

import type { Callback, Logs } from "./callback.ts";

export class History implements Callback {
  /** Epochs, from 0. */
  epoch: number[] = [];
  /** Values by metric, one an epoch in which it was logged. */
  history: Record<string, number[]> = {};

  /** As in Keras, the epochs' list starts anew with every fit, the metrics' do not. */
  onTrainBegin(): void {
    this.epoch = [];
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [key, value] of Object.entries(logs)) {
      const values = this.history[key] ?? [];
      values.push(value);
      this.history[key] = values;
    }
  }
}
