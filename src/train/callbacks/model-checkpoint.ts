// Saves the model's weights after epochs, all of them or the best. Arguments, names and messages as Keras's
// ModelCheckpoint; how weights become a file is the caller's affair, by a save function.
// Source: keras/callbacks.py (2.8), with save_freq='epoch' only.

import type { Weights } from "../../engine/layers/variables.ts";
import { formatPattern } from "../../format/format-pattern.ts";
import { formatFixed } from "../../format/number-format.ts";
import {
  type Callback,
  improves,
  type Logs,
  type MonitorMode,
  type Remembering,
  recalled,
  remembered,
  resolveMode,
  type TrainingControl,
  worst,
} from "./callback.ts";

export interface ModelCheckpointConfig {
  /** May hold `{epoch:02d}`, counted from 1, and any key of the logs: `weights.{epoch:02d}-{val_loss:.2f}.safetensors`. */
  readonly filepath: string;
  /** Writes the weights to the path; whole or not at all. */
  readonly save: (path: string, weights: Weights) => void | Promise<void>;
  /** Default `val_loss`. */
  readonly monitor?: string;
  readonly mode?: MonitorMode;
  /** Saves strict improvements only; default false. */
  readonly saveBestOnly?: boolean;
  /** A value that must be beaten from the start; default none. */
  readonly initialValueThreshold?: number | null;
  /** Gets Keras's messages of verbose=1; default none. */
  readonly say?: (line: string) => void;
}

export class ModelCheckpoint implements Callback {
  readonly #config: Required<ModelCheckpointConfig>;
  /** Lives through several fits, as Keras's does. */
  #best: number;

  readonly memory: Remembering = {
    name: "model-checkpoint",
    save: () => ({ values: { best: remembered(this.#best) } }),
    load: ({ values }) => {
      this.#best = recalled(values["best"]);
    },
  };

  constructor(config: ModelCheckpointConfig) {
    const { monitor = "val_loss", mode = "auto" } = config;
    this.#config = {
      saveBestOnly: false,
      initialValueThreshold: null,
      say: () => undefined,
      ...config,
      monitor,
      mode: resolveMode(monitor, mode),
    };
    const { initialValueThreshold } = this.#config;
    this.#best = initialValueThreshold ?? worst(monitor, this.#config.mode);
  }

  async onEpochEnd(epoch: number, logs: Logs, control: TrainingControl): Promise<void> {
    const { monitor: name, mode, saveBestOnly, filepath, save, say } = this.#config;
    const path = formatPattern(filepath, { ...logs, epoch: epoch + 1 });
    const label = `\nEpoch ${epoch + 1}:`;
    if (!saveBestOnly) {
      say(`${label} saving model to ${path}`);
      await save(path, control.weights);
      return;
    }
    const current = logs[name];
    if (current === undefined) {
      say(`Can save best model only with ${name} available, skipping.`);
      return;
    }
    const best = formatFixed(this.#best, 5);
    if (!improves({ name, mode, minDelta: 0 }, current, this.#best)) {
      say(`${label} ${name} did not improve from ${best}`);
      return;
    }
    this.#best = current;
    const now = formatFixed(current, 5);
    say(`${label} ${name} improved from ${best} to ${now}, saving model to ${path}`);
    await save(path, control.weights);
  }
}
