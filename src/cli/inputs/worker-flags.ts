// The flags that say where `tune`'s trials run, and those of a search as they are told to a worker: as they would be typed, so
// that a worker checks them as a command checks what a person types.

import { camelCase, type FlagSpecs, type FlagValue, parseFlags } from "../frame/flags.ts";
import type { SearchPlan, TuneFlags } from "./tune-plan.ts";
import { TUNE_FLAGS } from "./tune-plan.ts";

export const WORKER_FLAGS = {
  workers: {
    type: "integer",
    min: 1,
    max: 64,
    help: "processes of this machine that run trials side by side, each with a device of its own; default 1: this process",
  },
} as const;

const SEARCH_FLAGS: FlagSpecs = TUNE_FLAGS;

/** `--name=value` of every flag of the search that has a value. */
export function searchArguments(flags: TuneFlags): string[] {
  const values: Readonly<Record<string, FlagValue>> = { ...flags };
  return Object.keys(SEARCH_FLAGS).flatMap((name) => {
    const value = values[camelCase(name)];
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}=${value}`];
  });
}

/** Throws UsageError for what `tune` would not take. */
export function searchFlags(args: readonly string[]): TuneFlags {
  return Object.fromEntries(parseFlags(SEARCH_FLAGS, args).values) as TuneFlags;
}

/** Bayesian trials side by side come in batches: as many as there are workers, unless the flag says otherwise. */
export function withTrialBatch<F extends TuneFlags & { readonly workers?: number | undefined }>(
  flags: F,
): F {
  const { tuner, trialBatch, workers = 1 } = flags;
  if (tuner !== "bayesian" || trialBatch !== undefined || workers === 1) return flags;
  return { ...flags, trialBatch: workers };
}

/** Trials that can run at once, whatever the number of workers. */
export function parallelOf({ oracle }: SearchPlan, wanted: number): number {
  const { trialBatch } = oracle.settings;
  return oracle.name === "bayesian" ? Math.min(wanted, Number(trialBatch ?? 1)) : wanted;
}
