// How a model was compiled, as Keras's files tell it, in our words: plain data, for whoever trains it on.

import type { OptimizerName, OptimizerSettings } from "../../engine/optim/create-optimizer.ts";
import type { OptimizerValues } from "../../engine/optim/optimizer-values.ts";
import type { JsonRecord } from "../../models/architecture/json-record.ts";
import type { JsonObject } from "../../models/architecture/layer-config.ts";

export interface Compiled {
  /** Null where it is none of ours; a note says which. */
  readonly optimizer: OptimizerName | null;
  /** What differs from Keras's defaults. */
  readonly settings: OptimizerSettings;
  /** Of the next step, as far as it is a number; a schedule's first one where there is no state. */
  readonly learningRate: number | null;
  /** Where the rate is a schedule's. */
  readonly schedule: KerasSchedule | null;
  readonly loss: CompiledLoss | null;
  /** Keras's names: `accuracy`. */
  readonly metrics: readonly string[];
  /** What the optimiser had come to; null where the file has none, or none that can be told apart. */
  readonly state: OptimizerValues | null;
  /** What of all that is not taken over, and why: a line each. */
  readonly notes: readonly string[];
}

export interface CompiledLoss {
  /** Keras's function: `sparse_categorical_crossentropy`. */
  readonly name: string;
  /** Of the loss as an object, what is not at its default: `{ from_logits: true }`. */
  readonly options: JsonRecord;
}

/** One of `keras.optimizers.schedules`; rates go by the count of steps. An alias, because records of runs take it as JSON. */
export type KerasSchedule = {
  /** `ExponentialDecay`. */
  readonly className: string;
  /** In Keras's spelling: `{ initial_learning_rate: 0.01, decay_steps: 1000, … }`. */
  readonly config: JsonObject;
};

/** What an export writes of it. */
export interface CompiledForExport {
  readonly optimizer: OptimizerName;
  readonly settings: OptimizerSettings;
  readonly learningRate: number;
  /** In place of a number, where the rate is a schedule's; default none. */
  readonly schedule?: KerasSchedule | null;
  /** Keras's name. */
  readonly loss: string;
  readonly metrics: readonly string[];
  readonly state: OptimizerValues | null;
}
