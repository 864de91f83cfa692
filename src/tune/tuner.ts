// The search itself: asks the oracle for values, has them run and scored, and records every step in the study's folder
// before it goes on. It knows neither training nor the terminal.

import { DeviceError, FormatError, VitrineError } from "../engine/core/errors.ts";
import type { NamedTensor } from "../io/safetensors.ts";
import type { Logs } from "../train/callbacks/callback.ts";
import { type HyperModel, HyperParameters } from "./hyper-parameters.ts";
import type { Oracle } from "./oracles/oracle.ts";
import type { Values } from "./parameter.ts";
import type { Space } from "./space.ts";
import {
  bestTrial,
  newTrial,
  nextTrialId,
  type Objective,
  type ScoredTrial,
  type Trial,
} from "./trial.ts";

/** Where trials are kept, and where an earlier search may have left some: a folder, as runs/search-folder.ts has it. */
export interface TrialStore {
  /** For messages. */
  readonly path: string;
  /** Those that finished, in order. */
  readonly trials: readonly Trial[];
  /** The one that was under way when the process ended. */
  readonly interrupted: Trial | null;
  beginTrial(trial: Trial): Promise<void>;
  /** Keeps the models that it left, and last that it is over. */
  endTrial(trial: Trial, plan: object, models: readonly TrialModel[]): Promise<void>;
  /** The weights of a trial's best epoch. */
  loadWeights(id: string): Promise<readonly NamedTensor[]>;
  /** Leaves what is needed to train the best trial's model again. */
  saveBest(best: ScoredTrial, plan: object): Promise<void>;
}

/** One trial to run. Equal jobs have equal outcomes. */
export interface TrialJob<Plan> {
  readonly trial: Trial;
  readonly plan: Plan;
  /** Epochs that its parent has had; 0 for a trial that starts afresh. */
  readonly initialEpoch: number;
  /** Number of its last epoch, from 1. */
  readonly epochs: number;
  /** Best weights of the trial that it goes on from. */
  readonly parentWeights: readonly NamedTensor[] | null;
}

/** A model that a trial trained: one, or one for each of its folds. */
export interface TrialModel {
  /** From 1; null where there are no folds. */
  readonly fold: number | null;
  /** From 1: the epoch whose weights these are. */
  readonly bestEpoch: number;
  readonly history: readonly Logs[];
  /** Of the whole model, also where only its head was trained. */
  readonly weights: readonly NamedTensor[];
}

export type TrialOutcome = Pick<Trial, "score" | "bestEpoch" | "folds" | "history" | "message"> & {
  readonly models: readonly TrialModel[];
};

/** Null when it was interrupted. Throws a VitrineError for values that cannot be run. */
export type TrialRunner<Plan> = (
  job: TrialJob<Plan>,
  signal: AbortSignal | undefined,
) => Promise<TrialOutcome | null>;

export interface SearchOptions<Plan> {
  readonly study: TrialStore;
  readonly oracle: Oracle;
  readonly space: Space;
  readonly hyperModel: HyperModel<Plan>;
  readonly objective: Objective;
  /** Null: until the oracle has no more. */
  readonly maxTrials: number | null;
  /** Epochs of a trial whose values do not say otherwise. */
  readonly epochs: number;
  readonly run: TrialRunner<Plan>;
  readonly signal?: AbortSignal | undefined;
  readonly onTrialBegin?: (trial: Trial, best: ScoredTrial | null) => void;
  /** After the trial is on disk; `finished` has it as the last. */
  readonly onTrialEnd?: (trial: Trial, finished: readonly Trial[]) => void;
}

export interface SearchResult {
  /** Those that finished, in order. */
  readonly trials: readonly Trial[];
  readonly best: ScoredTrial | null;
  /** False when it was interrupted. */
  readonly complete: boolean;
}

/** As in KerasTuner; so many in a row, and something is wrong with more than one set of values. */
const MAX_CONSECUTIVE_FAILURES = 3;

/** Runs trials until the search is over, from wherever the study's folder stands. */
export async function search<Plan>(options: SearchOptions<Plan>): Promise<SearchResult> {
  const { study, oracle, objective, maxTrials, signal } = options;
  const trials = [...study.trials];
  await saveBest(options, trials);
  let complete = true;
  while (maxTrials === null || trials.length < maxTrials) {
    checkFailures(trials);
    const values = oracle.propose(trials);
    if (!values) break;
    const trial = newTrial(nextTrialId(trials.length), values);
    checkResumed(study, trial);
    const finished = signal?.aborted ? null : await runTrial(options, trial, trials);
    if (!finished) {
      complete = false;
      break;
    }
    trials.push(finished);
    await saveBest(options, trials);
    options.onTrialEnd?.(finished, trials);
  }
  return { trials, best: bestTrial(trials, objective), complete };
}

/** The plan that a trial's values stand for. */
export function planOf<Plan>(hyperModel: HyperModel<Plan>, space: Space, values: Values): Plan {
  return hyperModel(new HyperParameters(values, space));
}

async function runTrial<Plan>(
  options: SearchOptions<Plan>,
  trial: Trial,
  finished: readonly Trial[],
): Promise<Trial | null> {
  const { study, hyperModel, space, objective, run, signal } = options;
  const start = performance.now();
  await study.beginTrial(trial);
  options.onTrialBegin?.(trial, bestTrial(finished, objective));
  const { "tuner/trial_id": parent, "tuner/epochs": epochs = options.epochs } = trial.values;
  const { "tuner/initial_epoch": initialEpoch = 0 } = trial.values;
  const plan = planOf(hyperModel, space, trial.values);
  const job = {
    trial,
    plan,
    initialEpoch: Number(initialEpoch),
    epochs: Number(epochs),
    parentWeights: parent === undefined ? null : await study.loadWeights(String(parent)),
  };
  const outcome = await run(job, signal).catch(failedOutcome);
  if (!outcome) return null;
  const { models, ...rest } = outcome;
  const status = rest.score === null ? "failed" : "completed";
  const seconds = (performance.now() - start) / 1000;
  const ended: Trial = { ...trial, ...rest, status, seconds };
  await study.endTrial(ended, plan as object, models);
  return ended;
}

/** Values that cannot be run are a result; a lost device or a damaged file is not. */
function failedOutcome(error: unknown): TrialOutcome {
  const isResult = error instanceof VitrineError;
  if (!isResult || error instanceof DeviceError || error instanceof FormatError) throw error;
  const nothing = { score: null, bestEpoch: null, folds: [], history: [], models: [] };
  return { ...nothing, message: error.message };
}

async function saveBest<Plan>(options: SearchOptions<Plan>, trials: readonly Trial[]) {
  const { study, hyperModel, space, objective } = options;
  const best = bestTrial(trials, objective);
  if (best) await study.saveBest(best, planOf(hyperModel, space, best.values) as object);
}

function checkFailures(trials: readonly Trial[]): void {
  const last = trials.slice(-MAX_CONSECUTIVE_FAILURES);
  if (last.length < MAX_CONSECUTIVE_FAILURES) return;
  if (!last.every(({ status }) => status === "failed")) return;
  throw new VitrineError(
    `tuner: ${last.length} trials in a row failed, the last one because ${last.at(-1)?.message}`,
    { help: "narrow the search space, or start anew", remedies: ["overwrite"] },
  );
}

/** The trial that was interrupted is run again, and must be the one that comes next. */
function checkResumed(study: TrialStore, next: Trial): void {
  const { interrupted } = study;
  if (!interrupted || interrupted.id !== next.id) return;
  const sorted = ({ values }: Trial) => JSON.stringify(Object.entries(values).sort());
  if (sorted(interrupted) === sorted(next)) return;
  throw new FormatError(
    `${study.path}: trial ${next.id} must go on from the trials before it, got other values than they lead to`,
    {
      help: "trials were changed by hand, or made by another version; start anew",
      remedies: ["overwrite"],
    },
  );
}
