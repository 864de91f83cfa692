// The flags that say how a model learns, alike for every command that trains one by them, and what a run records of them.

import { DECAY_RATE, PLATEAU, SCHEDULE_NAMES, type ScheduleName } from "../../train/schedules.ts";
import {
  checkOptimisation,
  DEFAULT_RATES,
  OPTIMIZER_NAMES,
  type Optimisation,
  type OptimizerName,
} from "../../train/training.ts";

export const TRAINING_FLAGS = {
  optimizer: {
    type: "choice",
    choices: OPTIMIZER_NAMES,
    default: "adam",
    help: "how a step moves the weights, with Keras's settings",
  },
  "learning-rate": {
    type: "number",
    above: 0,
    help: `the first rate; default ${DEFAULT_RATES.adam}, with sgd ${DEFAULT_RATES.sgd}`,
  },
  momentum: {
    type: "number",
    min: 0,
    below: 1,
    help: "sgd: share of the last step that the next takes over; default 0",
  },
  nesterov: { type: "boolean", help: "sgd: look ahead along the momentum (Nesterov)" },
  schedule: {
    type: "choice",
    choices: SCHEDULE_NAMES,
    default: "study",
    help: `how the rate goes on: study holds it for 10 epochs, then multiplies it by exp(-0.1) each; constant holds it; exponential multiplies it by ${DECAY_RATE} each epoch; cosine brings it to 0 over --epochs; plateau multiplies it by ${PLATEAU.factor} when val_loss has not improved for ${PLATEAU.patience} epochs`,
  },
} as const;

export interface TrainingFlags {
  readonly optimizer: OptimizerName;
  readonly learningRate?: number | undefined;
  readonly momentum?: number | undefined;
  readonly nesterov: boolean;
  readonly schedule: ScheduleName;
}

/** What differs from the defaults. Throws UsageError for flags that do not go together. */
export function optimisationOf(flags: TrainingFlags): Optimisation {
  const { optimizer, momentum, nesterov, schedule } = flags;
  const asked = {
    ...(optimizer === "adam" ? {} : { optimizer }),
    ...(momentum === undefined ? {} : { momentum }),
    ...(nesterov ? { nesterov } : {}),
    ...(schedule === "study" ? {} : { schedule }),
  };
  checkOptimisation(asked);
  return asked;
}

export function firstRate({ optimizer, learningRate }: TrainingFlags): number {
  return learningRate ?? DEFAULT_RATES[optimizer];
}

/** `, sgd, momentum 0.9, Nesterov, schedule cosine`: what is not as always. */
export function describeOptimisation(asked: Optimisation): string {
  const { optimizer, momentum, nesterov, schedule } = asked;
  const parts = [
    optimizer ?? "",
    momentum === undefined ? "" : `momentum ${momentum}`,
    nesterov ? "Nesterov" : "",
    schedule === undefined ? "" : `schedule ${schedule}`,
  ];
  return parts
    .filter((part) => part !== "")
    .map((part) => `, ${part}`)
    .join("");
}
