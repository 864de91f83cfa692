// What a Keras file says of how its model was trained, as far as a person leaves it open: the optimiser and its settings, the rate,
// and what the optimiser had come to, so that training goes on where it stopped. And the other way round, what it is told.

import type { OptimizerValues } from "../engine/optim/optimizer-values.ts";
import { shortestFloat } from "../format/number-format.ts";
import type { Compiled, CompiledForExport, CompiledLoss } from "../keras/compiled/compiled.ts";
import { scheduleRate } from "../keras/compiled/schedule-rate.ts";
import { isOwn, type ModelConfig } from "../models/models.ts";
import { type LossName, type LossSettings, lossOf } from "./losses.ts";
import type { Optimisation } from "./training.ts";

/** What a person has said already. */
interface Asked {
  readonly optimizer?: string | undefined;
  readonly learningRate?: number | undefined;
  readonly schedule?: string | undefined;
}

export interface CompiledTraining {
  readonly optimisation: Optimisation;
  /** Null where the file has none. */
  readonly learningRate: number | null;
  /** Null: the optimiser begins anew. */
  readonly state: OptimizerValues | null;
  /** For people: what goes on, and what of the file does not. */
  readonly notes: readonly string[];
}

const NOTHING: CompiledTraining = { optimisation: {}, learningRate: null, state: null, notes: [] };

/** Keras's losses as ours, whichever way labels are written. */
const OUR_LOSS: Readonly<Record<string, LossName>> = {
  sparse_categorical_crossentropy: "categorical_crossentropy",
  categorical_crossentropy: "categorical_crossentropy",
  binary_crossentropy: "binary_crossentropy",
  mean_squared_error: "mse",
  mse: "mse",
  mean_absolute_error: "mae",
  mae: "mae",
  huber: "huber",
};

/** Null for a loss that is none of ours, or has options that ours has not. */
function lossSettings({ name, options }: CompiledLoss): LossSettings | null {
  const loss = Object.hasOwn(OUR_LOSS, name) ? OUR_LOSS[name] : undefined;
  if (loss === undefined) return null;
  const { label_smoothing: smoothing, delta, from_logits: fromLogits, ...others } = options;
  const isWhole = loss === "categorical_crossentropy";
  if (Object.keys(others).length > 0 || (fromLogits === true && !isWhole)) return null;
  if (delta !== undefined && delta !== 1) return null;
  return {
    ...(isWhole ? {} : { loss }),
    ...(typeof smoothing === "number" ? { labelSmoothing: smoothing } : {}),
  };
}

/** The file's, where it is known and nobody asks for a rate of his own. */
function stepSchedule({ learningRate, schedule: name }: Asked, { schedule }: Compiled) {
  if (!schedule || learningRate !== undefined || name !== undefined) return null;
  return scheduleRate(schedule, 0) === null ? null : schedule;
}

/** An optimiser that is asked for begins anew: then nothing of the file counts. */
export function compiledTraining(
  asked: Asked,
  compiled: Compiled | null,
  model: ModelConfig,
): CompiledTraining {
  if (!compiled || asked.optimizer !== undefined) return NOTHING;
  const { optimizer, settings, learningRate, loss, state } = compiled;
  const notes = [...compiled.notes];
  const known = loss && lossSettings(loss);
  if (loss && !known) {
    notes.push(`it was trained with ${loss.name}, and goes on with softmax cross-entropy`);
  }
  // A new head is a softmax.
  const isHeaded = isOwn(model) && model.head !== undefined;
  const goesOn = isHeaded && known?.loss ? null : known;
  if (known && !goesOn) {
    notes.push(`it was trained with ${loss?.name}, and its new last layer learns by cross-entropy`);
  }
  if (!optimizer) return { ...NOTHING, optimisation: { ...goesOn }, notes };
  // Other variables are trained then.
  const isOther = isOwn(model) && (model.head !== undefined || model.freeze === "base");
  if (state && isOther) notes.push("its optimiser begins anew, because other layers are trained");
  const kept = isOther ? null : state;
  const bySteps = isOther ? null : stepSchedule(asked, compiled);
  return {
    optimisation: {
      ...settings,
      ...goesOn,
      ...(optimizer === "adam" ? {} : { optimizer }),
      schedule: "constant",
      ...(bySteps && { stepSchedule: bySteps }),
    },
    ...{ learningRate: learningRate && shortestFloat(learningRate), state: kept, notes },
  };
}

/** For a file that Keras goes on training from. A state of another optimiser is not of this training, and left out. */
export function compiledOf(
  training: Optimisation & { readonly learningRate: number },
  state: OptimizerValues | null,
): CompiledForExport {
  const { optimizer = "adam", learningRate, stepSchedule: schedule = null, ...settings } = training;
  return {
    ...{ optimizer, settings, schedule, learningRate: Math.fround(learningRate) },
    ...{ loss: kerasLoss(training), metrics: ["accuracy"] },
    state: state?.name === optimizer ? state : null,
  };
}

/** By Keras's name; with label smoothing, labels are one-hot there. */
function kerasLoss({ loss = "categorical_crossentropy", labelSmoothing = 0 }: LossSettings) {
  if (loss !== "categorical_crossentropy" || labelSmoothing > 0) return lossOf({ loss }).name;
  return "sparse_categorical_crossentropy";
}
