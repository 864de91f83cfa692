// The losses that the commands train by, as plain data that a run records.

import { UsageError } from "../engine/core/errors.ts";
import { categoricalCrossentropy } from "../engine/ops/loss/categorical-crossentropy.ts";
import {
  binaryCrossentropy,
  huber,
  meanAbsoluteError,
  meanSquaredError,
} from "../engine/ops/loss/elementwise.ts";
import type { Loss } from "../engine/ops/loss/loss.ts";
import { type ModelConfig, modelLoss } from "../models/models.ts";

export const LOSS_NAMES = [
  "categorical_crossentropy",
  "binary_crossentropy",
  "mse",
  "mae",
  "huber",
] as const;
export type LossName = (typeof LOSS_NAMES)[number];

/** What is not there is at its default. */
export interface LossSettings {
  /** Default `categorical_crossentropy`. */
  readonly loss?: LossName;
  /** Of the cross-entropies: share of a target that is spread over the classes; default 0. */
  readonly labelSmoothing?: number;
}

/** Throws UsageError, naming the argument, for what would be without effect. */
export function checkLoss({ loss, labelSmoothing }: LossSettings): void {
  if (labelSmoothing === undefined || !loss || loss.endsWith("_crossentropy")) return;
  throw new UsageError(`labelSmoothing: is for the cross-entropies, got ${loss}`, {
    ...{ argument: "labelSmoothing", help: "leave it out, or choose binary_crossentropy" },
    remedies: ["loss"],
  });
}

/** The loss of a run of a model: what is recorded, else what the model's end asks for. */
export function modelsLoss(model: ModelConfig, settings: LossSettings): Loss {
  return lossOf({ ...modelLoss(model), ...settings });
}

/** Of settings alone. */
export function lossOf({ loss = "categorical_crossentropy", labelSmoothing }: LossSettings): Loss {
  const smoothing = labelSmoothing === undefined ? {} : { labelSmoothing };
  switch (loss) {
    case "categorical_crossentropy":
      return categoricalCrossentropy(smoothing);
    case "binary_crossentropy":
      return binaryCrossentropy(smoothing);
    case "mse":
      return meanSquaredError();
    case "mae":
      return meanAbsoluteError();
    case "huber":
      return huber();
  }
}
