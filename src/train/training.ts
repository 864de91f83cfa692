// How the commands train a model, as plain data that a run records: what `fit` is given follows from it.

import { UsageError } from "../engine/core/errors.ts";
import { adam } from "../engine/optim/adam.ts";
import type { Optimizer } from "../engine/optim/optimizer.ts";
import { sgd } from "../engine/optim/sgd.ts";
import type { ModelConfig } from "../models/models.ts";
import { VAL_LOSS } from "./best-epoch.ts";
import type { Callback } from "./callbacks/callback.ts";
import type { FitOptions } from "./fit.ts";
import { type ScheduleName, scheduleCallbacks, scheduleOf } from "./schedules.ts";

export const OPTIMIZER_NAMES = ["adam", "sgd"] as const;
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

/** Keras's. */
export const DEFAULT_RATES: Readonly<Record<OptimizerName, number>> = { adam: 1e-3, sgd: 1e-2 };

/** What is not there is at its default, so that records of old mean what they meant. */
export type Optimisation = {
  /** Default `adam`. */
  readonly optimizer?: OptimizerName;
  /** Of sgd; default 0. */
  readonly momentum?: number;
  /** Of sgd with momentum; default false. */
  readonly nesterov?: boolean;
  /** Default `study`. */
  readonly schedule?: ScheduleName;
};

/** The weights of the best val_loss are kept. */
export type TrainingSettings = Optimisation & {
  /** At most. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Epochs without a better val_loss before it stops; 0 never stops early. */
  readonly patience: number;
};

/** A model and how it learns: what a tuner searches for. */
export interface TrainingPlan {
  readonly model: ModelConfig;
  readonly training: Pick<TrainingSettings, "learningRate" | "batchSize">;
}

/** Throws UsageError, naming the argument, for what would be without effect. */
export function checkOptimisation({ optimizer = "adam", momentum, nesterov }: Optimisation): void {
  const ofSgd = { momentum, nesterov: nesterov || undefined };
  for (const [argument, value] of Object.entries(ofSgd)) {
    if (value === undefined || optimizer === "sgd") continue;
    throw new UsageError(`${argument}: is for the optimiser sgd, got ${optimizer}`, {
      ...{ argument, help: "leave it out, or choose sgd", remedies: ["optimizer"] },
    });
  }
  if (!nesterov || (momentum ?? 0) > 0) return;
  throw new UsageError(`nesterov: needs a momentum above 0, got ${momentum ?? "none"}`, {
    ...{ argument: "nesterov", help: "0.9 is usual", remedies: ["momentum"] },
  });
}

/** `callbacks` come last. */
export function fitSettings(settings: TrainingSettings, callbacks: readonly Callback[] = []) {
  const { epochs, batchSize, learningRate, patience, schedule: name = "study" } = settings;
  checkOptimisation(settings);
  const schedule = scheduleOf(name, settings);
  return {
    ...{ epochs, batchSize, learningRate, patience },
    optimizer: optimizerOf(settings),
    schedule: schedule ?? undefined,
    keepBest: VAL_LOSS,
    callbacks: [...scheduleCallbacks(name), ...callbacks],
  } satisfies Partial<FitOptions>;
}

function optimizerOf({
  optimizer = "adam",
  momentum = 0,
  nesterov = false,
}: Optimisation): Optimizer {
  return optimizer === "adam" ? adam() : sgd({ momentum, nesterov });
}
