// How the commands train a model, as plain data that a run records: what `fit` is given follows from it.

import { UsageError } from "../engine/core/errors.ts";
import type { Precision } from "../engine/layers/variables.ts";
import { checkClipping } from "../engine/optim/clipping.ts";
import {
  createOptimizer,
  type OptimizerName,
  type OptimizerSettings,
} from "../engine/optim/create-optimizer.ts";
import type { KerasSchedule } from "../keras/compiled/compiled.ts";
import { scheduleRate } from "../keras/compiled/schedule-rate.ts";
import type { ModelConfig } from "../models/models.ts";
import { type Augment, checkAugment } from "./augment.ts";
import { VAL_LOSS } from "./best-epoch.ts";
import type { Callback } from "./callbacks/callback.ts";
import { type ClassWeight, checkClassWeight } from "./class-weights.ts";
import type { FitOptions } from "./fit.ts";
import { checkLoss, type LossSettings, lossOf } from "./losses.ts";
import { type ScheduleName, scheduleCallbacks, scheduleOf } from "./schedules.ts";

/** Keras's. */
export const DEFAULT_RATES: Readonly<Record<OptimizerName, number>> = {
  ...{ adam: 1e-3, adamw: 1e-3, sgd: 1e-2, rmsprop: 1e-3, nadam: 1e-3, adagrad: 1e-3, lion: 1e-3 },
};

/** That have a momentum to set. */
const WITH_MOMENTUM: readonly OptimizerName[] = ["sgd", "rmsprop"];

/** What is not there is at its default, so that records of old mean what they meant. */
export type Optimisation = OptimizerSettings &
  LossSettings & {
    /** Default `adam`. */
    readonly optimizer?: OptimizerName;
    /** Default `study`. */
    readonly schedule?: ScheduleName;
    /** Of a Keras file: in place of `schedule`, a rate for each step, by the steps that the optimiser has had. */
    readonly stepSchedule?: KerasSchedule;
    /** Default nothing. */
    readonly augment?: Augment;
    /** Default: every row counts alike. */
    readonly classWeight?: ClassWeight;
    /** Default `float32`. */
    readonly precision?: Precision;
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
  readonly training: Optimisation & Pick<TrainingSettings, "learningRate" | "batchSize">;
}

/** Throws UsageError, naming the argument, for what would be without effect. */
export function checkOptimisation(optimisation: Optimisation): void {
  const { optimizer = "adam", momentum, nesterov, ...clipping } = optimisation;
  checkLoss(optimisation);
  if (optimisation.classWeight) checkClassWeight(optimisation.classWeight);
  const limited = [
    { argument: "momentum", value: momentum, takers: WITH_MOMENTUM },
    { argument: "nesterov", value: nesterov || undefined, takers: ["sgd"] },
  ];
  for (const { argument, value, takers } of limited) {
    if (value === undefined || takers.includes(optimizer)) continue;
    const [one, ...others] = takers;
    const rule = others.length > 0 ? `optimisers ${takers.join(" and ")}` : `optimiser ${one}`;
    throw new UsageError(`${argument}: is for the ${rule}, got ${optimizer}`, {
      ...{ argument, help: `leave it out, or choose ${one}`, remedies: ["optimizer"] },
    });
  }
  checkClipping(clipping);
  if (!nesterov || (momentum ?? 0) > 0) return;
  throw new UsageError(`nesterov: needs a momentum above 0, got ${momentum ?? "none"}`, {
    ...{ argument: "nesterov", help: "0.9 is usual", remedies: ["momentum"] },
  });
}

/** `callbacks` come last. */
export function fitSettings(settings: TrainingSettings, callbacks: readonly Callback[] = []) {
  const { epochs, batchSize, learningRate, patience, schedule: name = "study", augment } = settings;
  const { precision, stepSchedule, classWeight } = settings;
  checkOptimisation(settings);
  const schedule = stepSchedule ? null : scheduleOf(name, settings);
  return {
    ...{
      epochs,
      batchSize,
      learningRate,
      patience,
      augment: augment && checkAugment({ ...augment }),
    },
    optimizer: createOptimizer(settings.optimizer ?? "adam", settings),
    loss: lossOf(settings),
    ...{ precision, classWeight },
    schedule: schedule ?? undefined,
    rateOfStep:
      stepSchedule && ((steps: number) => scheduleRate(stepSchedule, steps) ?? learningRate),
    keepBest: VAL_LOSS,
    callbacks: [...scheduleCallbacks(name), ...callbacks],
  } satisfies Partial<FitOptions>;
}
