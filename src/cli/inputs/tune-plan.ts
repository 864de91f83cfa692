// What `tune`'s flags ask for: the search space, the oracle, the rows, how a trial is run; and the description that tells
// one study from another. Checked before anything slow happens.

import { join } from "node:path";
import type { CleanData } from "../../data/clean.ts";
import { dataDigest } from "../../data/data-digest.ts";
import { firstRows, limitRows } from "../../data/dataset.ts";
import type { Split } from "../../data/split.ts";
import type { Device } from "../../engine/core/device.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { kindOfConfig, type ModelConfig, modelLoss } from "../../models/models.ts";
import { dataRecord } from "../../runs/images-record.ts";
import type { PartCheckpoints } from "../../runs/part-checkpoints.ts";
import type { StudyDescription } from "../../runs/search-description.ts";
import { folderOfTrial } from "../../runs/trial-file.ts";
import type { TrialFacts } from "../../runs/trial-run.ts";
import type { Basis } from "../../train/basis.ts";
import type { Optimisation, TrainingPlan } from "../../train/training.ts";
import { foldTrials } from "../../tune/fold-trial.ts";
import { type HyperModel, spaceOf } from "../../tune/hyper-parameters.ts";
import { BayesianOptimization } from "../../tune/oracles/bayesian-optimization.ts";
import { GridSearch } from "../../tune/oracles/grid-search.ts";
import { Hyperband } from "../../tune/oracles/hyperband.ts";
import type { Oracle } from "../../tune/oracles/oracle.ts";
import { RandomSearch } from "../../tune/oracles/random-search.ts";
import { gridValues } from "../../tune/parameter.ts";
import { searchSpace } from "../../tune/search-space.ts";
import type { Space } from "../../tune/space.ts";
import { type TrialEvents, trainTrials } from "../../tune/train-trial.ts";
import { type Objective, objectiveOf } from "../../tune/trial.ts";
import type { TrialJob, TrialRunner } from "../../tune/tuner.ts";
import type { FlagValues } from "../frame/flags.ts";
import { KEPT_FLAGS, MODEL_FLAG } from "./model-flags.ts";
import { type OwnSpace, SPACE_FLAG } from "./own-space.ts";
import { SEED_FLAG } from "./shared-flags.ts";
import { foldsOf, holdOut } from "./split-rows.ts";
import { checkSchedule, OPTIMISATION_FLAGS, trialOptimisation } from "./training-flags.ts";

export const TUNE_FLAGS = {
  ...MODEL_FLAG,
  ...SPACE_FLAG,
  ...KEPT_FLAGS,
  ...OPTIMISATION_FLAGS,
  tuner: {
    type: "choice",
    choices: ["random", "grid", "hyperband", "bayesian"],
    default: "random",
    help: "how the next trial's values are chosen",
  },
  trials: {
    type: "integer",
    min: 1,
    help: "trials at most; default 10, and for grid and hyperband as many as they have",
  },
  objective: {
    type: "choice",
    choices: ["val_accuracy", "val_loss", "accuracy", "loss"],
    default: "val_accuracy",
    help: "figure of a trial's best epoch that trials are compared by",
  },
  epochs: {
    type: "integer",
    default: 5,
    min: 1,
    help: "passes over the training rows in a trial; with hyperband in the longest ones",
  },
  folds: {
    type: "integer",
    min: 2,
    help: "score each trial by the mean over so many folds, in place of one split",
  },
  factor: { type: "integer", default: 3, min: 2, help: "hyperband keeps one trial in so many" },
  initial: {
    type: "integer",
    min: 1,
    help: "random trials before bayesian starts to guess; default 3 for each hyper-parameter",
  },
  "trial-batch": {
    type: "integer",
    min: 1,
    help: "trials that bayesian proposes without knowing each other's scores; default 1, or as many as --workers",
  },
  ...SEED_FLAG,
  validation: {
    type: "number",
    default: 0.05,
    min: 0,
    max: 0.9,
    help: "share of the training rows held out, stratified by class",
  },
  patience: {
    type: "integer",
    default: 0,
    min: 0,
    help: "epochs without a better val_loss before a trial stops; 0 never stops early",
  },
  limit: { type: "integer", min: 10, help: "use only the first so many training rows" },
} as const;

export type TuneFlags = FlagValues<typeof TUNE_FLAGS>;

export interface SearchPlan {
  /** What the search starts from. */
  readonly model: ModelConfig;
  readonly hyperModel: HyperModel<TrainingPlan>;
  /** What the flags say of every trial. */
  readonly optimisation: Optimisation;
  readonly space: Space;
  readonly objective: Objective;
  readonly oracle: Oracle;
  readonly maxTrials: number | null;
  readonly rows: {
    readonly train: Uint32Array<ArrayBuffer>;
    readonly heldOut: Uint32Array<ArrayBuffer>;
  };
  /** In place of one split. */
  readonly splits: readonly Split[] | null;
  /** sha256 of the training set. */
  readonly data: string;
  /** sha256 of the program whose search it is; null of ours. */
  readonly program: string | null;
}

/** Throws UsageError, naming the flag, for what does not go together. */
export function planSearch(
  flags: TuneFlags,
  { model, own }: { readonly model: ModelConfig; readonly own: OwnSpace | null },
  data: CleanData,
): SearchPlan {
  const optimisation = trialOptimisation(flags);
  const { optimizer } = optimisation;
  const plans = own ? own.hyperModel(data, optimizer) : searchSpace(model, optimizer);
  checkTogether(flags);
  checkSchedule(optimisation, flags.folds === undefined ? flags.validation : 1);
  const hyperModel: SearchPlan["hyperModel"] = (hp) => {
    const { model: built, training } = plans(hp);
    return { model: built, training: { ...modelLoss(built), ...optimisation, ...training } };
  };
  const space = spaceOf(hyperModel);
  const objective = objectiveOf(flags.objective);
  const always = flags.tuner === "grid" || flags.tuner === "hyperband";
  const plan = {
    model,
    hyperModel,
    optimisation,
    space,
    objective,
    oracle: createOracle(flags, space, objective),
    maxTrials: flags.trials ?? (always ? null : 10),
    ...splitRows(flags, data),
    data: dataDigest(data.train),
    program: own?.sha256 ?? null,
  };
  checkBatches(plan);
  return plan;
}

function checkTogether(flags: TuneFlags): void {
  const { folds, tuner, objective, validation, initial, trialBatch } = flags;
  if (folds !== undefined && tuner === "hyperband") {
    throw new UsageError(
      "--folds: does not go with --tuner hyperband, whose trials go on from one model's weights",
    );
  }
  if (folds !== undefined && !objective.startsWith("val_")) {
    throw new UsageError(
      `--objective: folds are scored by val_accuracy or val_loss, got ${objective}`,
    );
  }
  if (folds === undefined && validation === 0 && objective.startsWith("val_")) {
    throw new UsageError(`--validation: must be above 0 for the objective ${objective}, got 0`);
  }
  if (initial !== undefined && tuner !== "bayesian") {
    throw new UsageError(`--initial: is for --tuner bayesian, got ${tuner}`);
  }
  if (trialBatch !== undefined && tuner !== "bayesian") {
    throw new UsageError(`--trial-batch: is for --tuner bayesian, got ${tuner}`);
  }
}

function createOracle(flags: TuneFlags, space: Space, objective: Objective): Oracle {
  const { tuner, seed, epochs: maxEpochs, factor, initial: initialPoints, trialBatch } = flags;
  if (tuner === "grid") return new GridSearch(space);
  if (tuner === "hyperband") return new Hyperband(space, { maxEpochs, factor, seed, objective });
  if (tuner === "bayesian") {
    return new BayesianOptimization(space, { initialPoints, seed, objective, trialBatch });
  }
  return new RandomSearch(space, { seed });
}

/** All rows in `train` where there are folds. */
function splitRows(flags: TuneFlags, data: CleanData): Pick<SearchPlan, "rows" | "splits"> {
  const { limit, validation, seed, folds } = flags;
  const available = data.train.rows;
  if (limit !== undefined && limit > available) {
    throw new UsageError(`--limit: must be at most the ${available} training rows, got ${limit}`);
  }
  const count = limit ?? available;
  const all = firstRows(count);
  const none = new Uint32Array();
  if (folds !== undefined) {
    return { rows: { train: all, heldOut: none }, splits: foldsOf(count, { folds, seed }) };
  }
  const stratify = data.train.labels.subarray(0, count);
  return { rows: holdOut(stratify, { validation, seed }), splits: null };
}

/** The largest batch that a trial may ask for must fit the rows it trains on. */
function checkBatches({
  space,
  rows,
  splits,
}: Pick<SearchPlan, "space" | "rows" | "splits">): void {
  const sizes = space.filter(({ name }) => name === "batch_size").flatMap(gridValues);
  const largest = Math.max(1, ...sizes.map(Number));
  const parts = splits ? splits.map(({ train }) => train.length) : [rows.train.length];
  const fewest = Math.min(...parts);
  if (fewest >= largest) return;
  throw new UsageError(
    `--limit: must leave ${largest} rows to train on, the largest batch of the search, got ${fewest}`,
  );
}

/** Everything that trials depend on; where they run and are saved is not part of it. */
export function describeStudy(flags: TuneFlags, plan: SearchPlan): StudyDescription {
  const { oracle, objective, optimisation, maxTrials, space, data, program } = plan;
  const { epochs, seed, patience, folds = null, limit = null } = flags;
  const { name: model, ...base } = plan.model;
  const validation = folds === null ? flags.validation : null;
  const training = { epochs, trainingSeed: seed, patience, folds, limit, validation, data };
  const settings = {
    ...oracle.settings,
    ...training,
    ...optimisation,
    ...(program === null ? {} : { program }),
    ...(kindOfConfig(plan.model).search.keeps.length > 0 ? { base } : {}),
  };
  return { model, tuner: oracle.name, objective, maxTrials, space, settings };
}

/** For the runs that trials leave. */
export function trialFacts(
  data: CleanData,
  { rows, splits }: SearchPlan,
  adapter: string,
): TrialFacts {
  const counts = splits
    ? { rows: rows.train.length }
    : { trainRows: rows.train.length, heldOutRows: rows.heldOut.length };
  return {
    classNames: data.train.classNames,
    data: { ...dataRecord(data), ...counts, testRows: data.test.rows },
    adapter,
  };
}

export interface Equipment {
  readonly device: Device;
  readonly basis: Basis;
  readonly data: CleanData;
  readonly plan: SearchPlan;
  readonly flags: TuneFlags;
  readonly checkpoints: PartCheckpoints;
}

export async function trialRunner(
  { device, basis, data, plan, flags, checkpoints }: Equipment,
  events: (job: TrialJob<TrainingPlan>) => TrialEvents,
): Promise<TrialRunner<TrainingPlan>> {
  const { objective, rows, splits } = plan;
  const { seed, patience } = flags;
  const shared = {
    device,
    basis,
    data: await basis.place(limitRows(data.train, flags.limit)),
    objective,
    seed,
    patience,
    events,
  };
  const partOf = ({ trial }: TrialJob<TrainingPlan>): string => folderOfTrial(trial.id);
  if (splits) {
    return foldTrials({
      ...{ ...shared, splits },
      checkpointsOf: (job, fold) => checkpoints.open(join(partOf(job), `fold-${fold + 1}`)),
    });
  }
  return trainTrials({
    ...{ ...shared, rows: rows.train, validationRows: rows.heldOut },
    checkpointsOf: (job) => checkpoints.open(partOf(job)),
  });
}
