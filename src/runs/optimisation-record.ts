// How a model learns, as saved files say it: fields that may all be missing, because what is not there is at its default.

import * as v from "valibot";
import { OPTIMIZER_NAMES } from "../engine/optim/create-optimizer.ts";
import { amount, jsonRecord, rate, share } from "../io/saved-values.ts";
import { LOSS_NAMES } from "../train/losses.ts";
import { PRECISIONS } from "../train/precision.ts";
import { SCHEDULE_NAMES } from "../train/schedules.ts";

/** Entries of a schema; `augment` is checked by whoever trains by it. */
export const optimisationEntries = {
  optimizer: v.optional(v.picklist(OPTIMIZER_NAMES)),
  schedule: v.optional(v.picklist(SCHEDULE_NAMES)),
  stepSchedule: v.optional(v.object({ className: v.string(), config: jsonRecord })),
  momentum: v.optional(share),
  nesterov: v.optional(v.boolean()),
  weightDecay: v.optional(amount),
  clipValue: v.optional(rate),
  clipNorm: v.optional(rate),
  globalClipNorm: v.optional(rate),
  loss: v.optional(v.picklist(LOSS_NAMES)),
  labelSmoothing: v.optional(share),
  ema: v.optional(share),
  augment: v.optional(jsonRecord),
  classWeight: v.optional(
    v.union([v.literal("balanced"), v.record(v.string(), amount), v.array(amount)]),
  ),
  precision: v.optional(v.picklist(PRECISIONS)),
} as const;
