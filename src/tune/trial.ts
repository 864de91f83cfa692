// A trial as it is recorded, what it is scored by, and which trial is best.

import { UsageError } from "../engine/core/errors.ts";
import type { Logs } from "../train/callbacks/callback.ts";
import type { Values } from "./parameter.ts";

export interface Trial {
  /** Its number from 1, as people are told it and as its folder is named. */
  readonly id: string;
  readonly values: Values;
  /** `running` also when the process was killed meanwhile; such a trial is run again. */
  readonly status: "running" | "completed" | "failed";
  /** The objective at the best epoch, or its mean over folds; null unless completed. */
  readonly score: number | null;
  /** From 1; null unless completed, and for a trial of several folds. */
  readonly bestEpoch: number | null;
  /** Scores of the folds, where there are any. */
  readonly folds: readonly number[];
  /** Logs of the epochs; `epoch` counts from 1, and so does `fold` where there are folds. */
  readonly history: readonly Logs[];
  readonly seconds: number;
  /** Why it failed. */
  readonly message: string | null;
  /** Where another process ran it: on what, and under which driver; equal trials have equal bits on equal ones. */
  readonly adapter?: string | undefined;
  readonly driver?: string | undefined;
}

export interface Objective {
  /** A figure of the logs: `val_accuracy`. */
  readonly name: string;
  readonly direction: "min" | "max";
}

/** The direction that the name implies, after KerasTuner. Throws UsageError for a name that implies none. */
export function objectiveOf(name: string): Objective {
  const metric = name.replace(/^val_/, "");
  if (/(^|_)(accuracy|acc|auc|precision|recall)$/.test(metric)) return { name, direction: "max" };
  if (/(^|_)(loss|crossentropy|ce|error)$/.test(metric)) return { name, direction: "min" };
  throw new UsageError(`objective ${name}: whether more or less of it is better is not known`);
}

/** Strictly, so that the first of equals stays the best; nothing that is not finite is better. */
export function isBetter({ direction }: Objective, score: number, best: number | null): boolean {
  if (!Number.isFinite(score)) return false;
  if (best === null) return true;
  return direction === "max" ? score > best : score < best;
}

export type ScoredTrial = Trial & { readonly score: number };

export function isScored(trial: Trial): trial is ScoredTrial {
  return trial.status === "completed" && trial.score !== null;
}

/** Completed trials, the best first; of equals, the earlier. */
export function rankTrials(trials: readonly Trial[], { direction }: Objective): ScoredTrial[] {
  const sign = direction === "max" ? -1 : 1;
  return trials.filter(isScored).sort((a, b) => sign * (a.score - b.score));
}

export function bestTrial(trials: readonly Trial[], objective: Objective): ScoredTrial | null {
  return rankTrials(trials, objective)[0] ?? null;
}

export function newTrial(id: string, values: Values): Trial {
  const unknown = { score: null, bestEpoch: null, message: null };
  return { id, values, status: "running", ...unknown, folds: [], history: [], seconds: 0 };
}

/** Of the trial that comes after so many. KerasTuner's ids count from 0 and its screen from 1; here both count from 1. */
export function nextTrialId(finished: number): string {
  return String(finished + 1);
}
