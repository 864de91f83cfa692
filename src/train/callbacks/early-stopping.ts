// Stops training when a metric no longer improves, and brings back the best weights. Arguments and events as Keras's
// EarlyStopping; like Keras 3 it restores at the end of training whether or not it stopped it.

import type { Weights } from "../../engine/layers/variables.ts";
import {
  type Callback,
  improves,
  type Logs,
  type MonitorMode,
  type Remembering,
  recalled,
  remembered,
  type TrainingControl,
  worst,
} from "./callback.ts";

export interface EarlyStoppingConfig {
  /** Default `val_loss`. */
  readonly monitor?: string;
  /** Least change that counts as an improvement; default 0. */
  readonly minDelta?: number;
  /** Epochs without improvement before it stops; default 0. Infinity never stops, but still restores. */
  readonly patience?: number;
  readonly mode?: MonitorMode;
  /** A value that must also be beaten, or the epochs count as without improvement; default none. */
  readonly baseline?: number | null;
  /** Default false. */
  readonly restoreBestWeights?: boolean;
  /** Epochs (from 0) before it starts to watch; default 0. */
  readonly startFromEpoch?: number;
  /** Gets Keras's messages of verbose=1; default none. */
  readonly say?: (line: string) => void;
}

export class EarlyStopping implements Callback {
  readonly #config: Required<EarlyStoppingConfig>;
  #wait = 0;
  #best = 0;
  /** Weights and epoch (from 0) of the best value so far. */
  bestWeights: Weights | null = null;
  bestEpoch = 0;
  /** Epoch (from 0) at which it stopped, or null. */
  stoppedEpoch: number | null = null;

  constructor(config: EarlyStoppingConfig = {}) {
    this.#config = {
      monitor: "val_loss",
      minDelta: 0,
      patience: 0,
      mode: "auto",
      baseline: null,
      restoreBestWeights: false,
      startFromEpoch: 0,
      say: () => undefined,
      ...config,
    };
  }

  readonly memory: Remembering = {
    name: "early-stopping",
    save: () => ({
      values: {
        wait: this.#wait,
        best: remembered(this.#best),
        bestEpoch: this.bestEpoch,
        stoppedEpoch: this.stoppedEpoch,
      },
      weights: (this.#config.restoreBestWeights ? this.bestWeights : null) ?? undefined,
    }),
    load: ({ values, weights = null }) => {
      this.#wait = recalled(values["wait"]);
      this.#best = recalled(values["best"]);
      this.bestEpoch = recalled(values["bestEpoch"]);
      const { stoppedEpoch } = values;
      this.stoppedEpoch = typeof stoppedEpoch === "number" ? stoppedEpoch : null;
      this.bestWeights = weights;
    },
  };

  onTrainBegin(): void {
    const { monitor, mode } = this.#config;
    this.#wait = 0;
    this.#best = worst(monitor, mode);
    this.bestWeights = null;
    this.bestEpoch = 0;
    this.stoppedEpoch = null;
  }

  onEpochEnd(epoch: number, logs: Logs, control: TrainingControl): void {
    const { monitor: name, mode, minDelta, patience, startFromEpoch, baseline } = this.#config;
    const current = logs[name];
    if (current === undefined || epoch < startFromEpoch) return;
    // The first epoch's weights are kept whatever they are worth: a NaN improves on nothing.
    if (!this.bestWeights) [this.bestWeights, this.bestEpoch] = [control.weights, epoch];
    this.#wait++;
    if (improves({ name, mode, minDelta }, current, this.#best)) {
      this.#best = current;
      [this.bestWeights, this.bestEpoch] = [control.weights, epoch];
      // Both must be beaten for the count to start again.
      if (baseline === null || improves({ name, mode, minDelta }, current, baseline))
        this.#wait = 0;
      return;
    }
    if (this.#wait >= patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      control.stop();
    }
  }

  onTrainEnd(control: TrainingControl): void {
    const { say, restoreBestWeights } = this.#config;
    if (this.stoppedEpoch !== null) say(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (!restoreBestWeights || !this.bestWeights) return;
    say(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    control.restore(this.bestWeights);
  }
}
