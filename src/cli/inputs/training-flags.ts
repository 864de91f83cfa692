// The flags that say how a model learns, alike for every command that trains one by them, and what a run records of them.

import { UsageError } from "../../engine/core/errors.ts";
import type { Precision } from "../../engine/layers/variables.ts";
import { OPTIMIZER_NAMES, type OptimizerName } from "../../engine/optim/create-optimizer.ts";
import { describeAugment, parseAugment } from "../../train/augment.ts";
import { LOSS_NAMES, type LossName } from "../../train/losses.ts";
import { PRECISIONS } from "../../train/precision.ts";
import { DECAY_RATE, PLATEAU, SCHEDULE_NAMES, type ScheduleName } from "../../train/schedules.ts";
import { checkOptimisation, DEFAULT_RATES, type Optimisation } from "../../train/training.ts";
import { CLASS_WEIGHT_FLAG, classWeightText, parseClassWeight } from "./class-weight-flag.ts";

/** All but the rate, which a tuner searches for. */
export const OPTIMISATION_FLAGS = {
  ...CLASS_WEIGHT_FLAG,
  optimizer: {
    type: "choice",
    choices: OPTIMIZER_NAMES,
    help: "how a step moves the weights, with Keras's settings; default adam, or in a training what a Keras file's model was compiled with, which then goes on where it stopped",
  },
  momentum: {
    type: "number",
    min: 0,
    below: 1,
    help: "sgd, rmsprop: share of the last step that the next takes over; default 0",
  },
  nesterov: { type: "boolean", help: "sgd: look ahead along the momentum (Nesterov)" },
  "weight-decay": {
    type: "number",
    min: 0,
    help: "share of the rate by which every weight shrinks each step; default 0, with adamw 0.004",
  },
  "clip-value": { type: "number", above: 0, help: "clip every element of the gradients to ± this" },
  "clip-norm": {
    type: "number",
    above: 0,
    help: "scale down each variable's gradient to this norm",
  },
  "global-clip-norm": {
    type: "number",
    above: 0,
    help: "scale down all gradients together to this norm",
  },
  augment: {
    type: "string",
    value: "changes",
    help: "change the training images at random, each time anew: flip (left to right; flip=vertical, flip=both), shift=2 (pixels), rotate=10 (degrees), zoom=0.1, contrast=0.2, erase=0.1 (of the images, a rectangle), mixup=0.2 (each with another, shares from Beta(0.2, 0.2)), several with commas",
  },
  loss: {
    type: "choice",
    choices: LOSS_NAMES,
    help: "what is made small; default categorical_crossentropy, or in a training what a Keras file's model was compiled with; the others compare each output with 1 at the label and 0 elsewhere; binary_crossentropy is for sigmoids",
  },
  "label-smoothing": {
    type: "number",
    min: 0,
    below: 1,
    help: "cross-entropies: share of a target that is spread over all classes, 0.1 for instance; default 0",
  },
  ema: {
    type: "number",
    min: 0,
    max: 1,
    help: "end with the exponential moving average of the weights, of this momentum: 0.99 is Keras's; validation goes by the weights themselves",
  },
  precision: {
    type: "choice",
    choices: PRECISIONS,
    help: "float32, the default; mixed computes the training step in f16, as Keras's mixed_float16 does, with weights, moments, sums and loss in float32 and a loss scale, on adapters that have f16; what is scored, saved and exported is float32 either way",
  },
  schedule: {
    type: "choice",
    choices: SCHEDULE_NAMES,
    help: `how the rate goes on; default study, and where a Keras file's optimiser goes on, that file's by steps, or constant: study holds it for 10 epochs, then multiplies it by exp(-0.1) each; constant holds it; exponential multiplies it by ${DECAY_RATE} each epoch; cosine brings it to 0 over --epochs; plateau multiplies it by ${PLATEAU.factor} when val_loss has not improved for ${PLATEAU.patience} epochs`,
  },
} as const;

export const TRAINING_FLAGS = {
  "learning-rate": {
    type: "number",
    above: 0,
    help: `the first rate; default ${DEFAULT_RATES.adam}, with sgd ${DEFAULT_RATES.sgd}`,
  },
  ...OPTIMISATION_FLAGS,
} as const;

export interface OptimisationFlags {
  readonly optimizer?: OptimizerName | undefined;
  readonly momentum?: number | undefined;
  readonly nesterov: boolean;
  readonly weightDecay?: number | undefined;
  readonly clipValue?: number | undefined;
  readonly clipNorm?: number | undefined;
  readonly globalClipNorm?: number | undefined;
  readonly loss?: LossName | undefined;
  readonly labelSmoothing?: number | undefined;
  readonly ema?: number | undefined;
  readonly schedule?: ScheduleName | undefined;
  readonly augment?: string | undefined;
  readonly classWeight?: string | undefined;
  readonly precision?: Precision | undefined;
}

export interface TrainingFlags extends OptimisationFlags {
  readonly learningRate?: number | undefined;
}

/**
 * What differs from the defaults; `found`: what goes for what no flag says, and of an optimiser only where none is asked for.
 * Throws UsageError for flags that do not go together.
 */
export function optimisationOf(flags: OptimisationFlags, found: Optimisation = {}): Optimisation {
  const { optimizer, momentum, nesterov, weightDecay } = flags;
  const usually = optimizer === undefined ? found : withoutOptimizer(found);
  const { schedule: usual, loss: usualLoss, labelSmoothing: usualSmoothing, ...rest } = usually;
  const { precision: usualPrecision, ...others } = rest;
  const { schedule = usual } = flags;
  const { clipValue, clipNorm, globalClipNorm, loss = usualLoss, ema, augment } = flags;
  const { precision = usualPrecision } = flags;
  const classWeight = parseClassWeight(flags.classWeight);
  const { labelSmoothing = flags.loss ? undefined : usualSmoothing } = flags;
  const asked = {
    ...others,
    ...(optimizer === undefined || optimizer === "adam" ? {} : { optimizer }),
    ...(momentum === undefined ? {} : { momentum }),
    ...(nesterov ? { nesterov } : {}),
    ...(weightDecay === undefined ? {} : { weightDecay }),
    ...(clipValue === undefined ? {} : { clipValue }),
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(globalClipNorm === undefined ? {} : { globalClipNorm }),
    ...(loss === undefined || loss === "categorical_crossentropy" ? {} : { loss }),
    ...(labelSmoothing === undefined ? {} : { labelSmoothing }),
    ...(ema === undefined ? {} : { ema }),
    ...(schedule === undefined || schedule === "study" ? {} : { schedule }),
    ...(augment === undefined ? {} : { augment: parseAugment(augment) }),
    ...(classWeight === undefined ? {} : { classWeight }),
    ...(precision === undefined || precision === "float32" ? {} : { precision }),
  };
  checkOptimisation(asked);
  return asked;
}

function withoutOptimizer(found: Optimisation): Optimisation {
  const { optimizer: _o, momentum: _m, nesterov: _n, weightDecay: _d, ...others } = found;
  return others;
}

/** What flags say of every trial of a search; a loss is said also where it is the default, for a model may end in another's. */
export function trialOptimisation(flags: OptimisationFlags): Optimisation {
  const { loss } = flags;
  return { ...optimisationOf(flags), ...(loss === undefined ? {} : { loss }) };
}

/** Throws UsageError for a schedule that watches rows which are not there. */
export function checkSchedule({ schedule }: Optimisation, validation: number): void {
  if (schedule !== "plateau" || validation > 0) return;
  throw new UsageError("--schedule: plateau watches val_loss, got --validation 0", {
    help: "hold rows out, or choose another schedule",
  });
}

export function firstRate({ optimizer = "adam", learningRate }: TrainingFlags): number {
  return learningRate ?? DEFAULT_RATES[optimizer];
}

/** `, sgd, momentum 0.9, Nesterov, schedule cosine`: what is not as always. */
export function describeOptimisation(asked: Optimisation): string {
  const { optimizer, momentum, nesterov, weightDecay, schedule } = asked;
  const { clipValue, clipNorm, globalClipNorm, loss, labelSmoothing, ema, augment } = asked;
  const { precision, stepSchedule, classWeight } = asked;
  const parts = [
    optimizer ?? "",
    momentum === undefined ? "" : `momentum ${momentum}`,
    nesterov ? "Nesterov" : "",
    weightDecay === undefined ? "" : `weight decay ${weightDecay}`,
    clipValue === undefined ? "" : `gradients within ±${clipValue}`,
    clipNorm === undefined ? "" : `gradients to norm ${clipNorm}`,
    globalClipNorm === undefined ? "" : `gradients to joint norm ${globalClipNorm}`,
    loss === undefined ? "" : `loss ${loss}`,
    labelSmoothing === undefined ? "" : `label smoothing ${labelSmoothing}`,
    ema === undefined ? "" : `averages of momentum ${ema}`,
    precision === undefined ? "" : `${precision} precision`,
    classWeight === undefined ? "" : `class weights ${classWeightText(classWeight)}`,
    stepSchedule ? `rates of ${stepSchedule.className} by steps` : "",
    schedule === undefined || stepSchedule ? "" : `schedule ${schedule}`,
    augment === undefined ? "" : `images by ${describeAugment(augment)}`,
  ];
  return parts
    .filter((part) => part !== "")
    .map((part) => `, ${part}`)
    .join("");
}
