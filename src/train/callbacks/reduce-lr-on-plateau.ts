// Lowers the learning rate when a metric no longer improves. Arguments and events as Keras's ReduceLROnPlateau; the rate
// is logged as `lr`, as it was during the epoch.
// Source: keras/callbacks.py (2.8).

import { UsageError } from "../../engine/core/errors.ts";
import { formatRepr } from "../../format/number-format.ts";
import {
  type Callback,
  type Logs,
  type MonitorMode,
  type Remembering,
  recalled,
  remembered,
  resolveMode,
  type TrainingControl,
  worst,
} from "./callback.ts";

export interface ReduceLROnPlateauConfig {
  /** Default `val_loss`. */
  readonly monitor?: string;
  /** The rate is multiplied by it; below 1, default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement before it acts; default 10. */
  readonly patience?: number;
  readonly mode?: MonitorMode;
  /** Least change that counts as an improvement; default 1e-4. */
  readonly minDelta?: number;
  /** Epochs after a reduction in which nothing is counted; default 0. */
  readonly cooldown?: number;
  /** The rate never goes below; default 0. */
  readonly minLr?: number;
  /** Gets Keras's message of verbose=1; default none. */
  readonly say?: (line: string) => void;
}

export class ReduceLROnPlateau implements Callback {
  readonly #config: Required<ReduceLROnPlateauConfig>;
  #best = 0;
  #wait = 0;
  #cooling = 0;

  constructor(config: ReduceLROnPlateauConfig = {}) {
    const { monitor = "val_loss", mode = "auto" } = config;
    this.#config = {
      factor: 0.1,
      patience: 10,
      minDelta: 1e-4,
      cooldown: 0,
      minLr: 0,
      say: () => undefined,
      ...config,
      monitor,
      mode: resolveMode(monitor, mode),
    };
    const { factor } = this.#config;
    if (!(factor < 1)) {
      throw new UsageError(`ReduceLROnPlateau: factor must be below 1, got ${factor}`);
    }
  }

  readonly memory: Remembering = {
    name: "reduce-lr-on-plateau",
    save: () => ({
      values: { best: remembered(this.#best), wait: this.#wait, cooling: this.#cooling },
    }),
    load: ({ values }) => {
      this.#best = recalled(values["best"]);
      this.#wait = recalled(values["wait"]);
      this.#cooling = recalled(values["cooling"]);
    },
  };

  onTrainBegin(): void {
    const { monitor, mode } = this.#config;
    this.#best = worst(monitor, mode);
    this.#wait = 0;
    this.#cooling = 0;
  }

  onEpochEnd(epoch: number, logs: Logs, control: TrainingControl): void {
    const { monitor, patience } = this.#config;
    logs["lr"] = control.learningRate;
    const current = logs[monitor];
    if (current === undefined) return;
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#wait = 0;
    }
    if (this.#improves(current)) {
      [this.#best, this.#wait] = [current, 0];
      return;
    }
    if (this.#cooling > 0) return;
    this.#wait++;
    if (this.#wait >= patience) this.#reduce(epoch, control);
  }

  /** Adds to the best where EarlyStopping takes from the current value: the same but for rounding, as in Keras. */
  #improves(current: number): boolean {
    const { mode, minDelta } = this.#config;
    return mode === "max" ? current > this.#best + minDelta : current < this.#best - minDelta;
  }

  #reduce(epoch: number, control: TrainingControl): void {
    const { factor, minLr, cooldown, say } = this.#config;
    const old = control.learningRate;
    if (!(old > Math.fround(minLr))) return;
    const rate = Math.max(old * factor, minLr);
    control.learningRate = rate;
    say(`\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${formatRepr(rate)}.`);
    this.#cooling = cooldown;
    this.#wait = 0;
  }
}
