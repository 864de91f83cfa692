// The flags that say where `tune`'s trials run, and those of a search as they are told to a worker: as they would be typed, so
// that a worker checks them as a command checks what a person types.

import { UsageError } from "../../engine/core/errors.ts";
import type { RowFlags } from "../../queue/local-workers.ts";
import { camelCase, type FlagSpecs, type FlagValue, parseFlags } from "../frame/flags.ts";
import type { TuneFlags } from "./tune-plan.ts";
import { TUNE_FLAGS } from "./tune-plan.ts";

export const WORKER_FLAGS = {
  workers: {
    type: "integer",
    min: 1,
    max: 64,
    help: "processes of this machine that work side by side, each with a device of its own; default 1: this process; with --queue, trials or folds that are in the queue at once, by default 16",
  },
} as const;

export const STUDY_WORKER_FLAGS = {
  workers: {
    ...WORKER_FLAGS.workers,
    help: "processes of this machine that train side by side, to the same bits, each with a device of its own: trials, then the best model beside the folds; default 2 on a software adapter with two cores or more, else 1: this process",
  },
} as const;

export const QUEUE_FLAG = {
  queue: {
    type: "string",
    value: "url",
    help: "server that has the queue: Redis or Valkey, redis://[user:password@]host:port, or rediss:// for TLS, or PostgreSQL, postgres://[user:password@]host:port/database; env: the environment's VITRINE_QUEUE, which keeps a password out of the command line",
  },
} as const;

export const SHARD_FLAGS = {
  shard: {
    type: "string",
    value: "i/n",
    help: "run every n-th trial or fold only, from the i-th on, for schedulers without a queue; of tuners for random and grid",
  },
  merge: {
    type: "list",
    value: "folder",
    help: "take over what the shard in this folder finished, then go on with what is missing",
  },
} as const;

export interface Shard {
  /** Whether the trial is this process's. */
  readonly isOwn: (id: string) => boolean;
  /** Whether the fold is, counted from 0. */
  readonly isFold: (fold: number) => boolean;
}

/** Null without the flag. Throws UsageError for one that is none, or with a tuner that needs all scores. */
export function shardOf({
  shard,
  tuner,
}: {
  readonly shard?: string | undefined;
  readonly tuner: string;
}): Shard | null {
  const found = foldShardOf({ shard });
  if (found && tuner !== "random" && tuner !== "grid") {
    throw new UsageError(
      `--shard: is for --tuner random or grid, whose trials need no scores of others, got ${tuner}`,
      { help: "use --workers or --queue, where later trials wait for earlier ones" },
    );
  }
  return found;
}

/** Null without the flag. Throws UsageError for one that is none. */
export function foldShardOf({ shard }: { readonly shard?: string | undefined }): Shard | null {
  if (shard === undefined) return null;
  const [, own = 0, count = 0] = (/^(\d{1,6})\/(\d{1,6})$/.exec(shard) ?? []).map(Number);
  if (own < 1 || own > count) {
    throw new UsageError(`--shard: must be i/n with i from 1 to n, such as 2/4, got ${shard}`);
  }
  const isOwnNumber = (number: number): boolean => (number - own) % count === 0;
  return { isOwn: (id) => isOwnNumber(Number(id)), isFold: (fold) => isOwnNumber(fold + 1) };
}

/** The flag's, or where that is `env`, or not given, the environment's. Throws UsageError where there is none. */
export function queueUrl(flag: string | undefined, env = process.env): string {
  const url = flag === undefined || flag === "env" ? env["VITRINE_QUEUE"] : flag;
  if (url !== undefined && url !== "") return url;
  throw new UsageError("--queue: must name a Redis, Valkey or PostgreSQL server, got none", {
    help: "redis://host:port, postgres://host:port/database, or `env` for the environment's VITRINE_QUEUE, which keeps a password out of the command line",
  });
}

/** Trials that are in a queue at once, where nobody says how many. */
const QUEUED = 16;
/** Guided trials of a batch, where it is not known how many workers there are. */
const QUEUED_BATCH = 4;

interface PlaceFlags {
  readonly workers?: number | undefined;
  readonly queue?: string | undefined;
}

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
export function withTrialBatch<F extends TuneFlags & PlaceFlags>(flags: F): F {
  const { tuner, trialBatch, queue } = flags;
  const { workers = queue === undefined ? 1 : QUEUED_BATCH } = flags;
  if (tuner !== "bayesian" || trialBatch !== undefined || workers === 1) return flags;
  return { ...flags, trialBatch: workers };
}

/** Trials that may run at once. */
export function parallelOf({ workers, queue }: PlaceFlags): number {
  return workers ?? (queue === undefined ? 1 : QUEUED);
}

/** For another machine: a path means nothing there, and its worker names its own file. */
export function withoutPaths<F extends TuneFlags>(flags: F): F {
  const isPath = flags.weights !== undefined && !["imagenet", "none"].includes(flags.weights);
  return isPath ? { ...flags, weights: undefined } : flags;
}

/** What the chief's flags say of its rows, for workers of the same machine. */
export function rowFlags(flags: RowFlags): RowFlags {
  const { dropMissing = false, keepDuplicates = false, shape, labelColumn, classNames } = flags;
  return { dropMissing, keepDuplicates, shape, labelColumn, classNames };
}
