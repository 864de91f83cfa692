// The search itself: asks the oracle for values, has them run and scored, one by one or several side by side, and records
// every step in the study's folder before it goes on. It knows neither training nor the terminal, nor where trials are run.
// A trial gets its number when it is proposed, and what is proposed never depends on which of several trials ends first: so
// trials side by side are those that would come one by one.

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
  /** Those that were under way when the process ended, in order. */
  readonly interrupted: readonly Trial[];
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

export type TrialOutcome = Pick<
  Trial,
  "score" | "bestEpoch" | "folds" | "history" | "message" | "adapter" | "driver"
> & {
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
  /** Trials that may run side by side; default 1. */
  readonly parallel?: number | undefined;
  /** Trials that are this search's to run; others are proposed and passed over. Default all; for strategies that never wait. */
  readonly isOwn?: ((id: string) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onTrialBegin?: (trial: Trial, best: ScoredTrial | null) => void;
  /** After the trial is on disk; `finished` are those that are over by then, in order of number, with this one. */
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
  const failing = new AbortController();
  const { signal = failing.signal } = options;
  return await new Search({
    ...options,
    signal: AbortSignal.any([signal, failing.signal]),
  }).run(failing);
}

/** A trial that is over, or was interrupted: then without an outcome. */
interface Ended<Plan> {
  readonly trial: Trial;
  readonly plan: Plan;
  readonly outcome: TrialOutcome | null;
  readonly seconds: number;
}

class Search<Plan> {
  readonly #options: SearchOptions<Plan> & { readonly signal: AbortSignal };
  /** All that were proposed, by number: finished, running, or interrupted. */
  readonly #trials: Trial[] = [];
  /** Those that finished, by id; an earlier process may have left some beyond a gap. */
  readonly #over: Map<string, Trial>;
  readonly #running = new Map<string, Promise<Ended<Plan>>>();
  #complete = true;

  constructor(options: SearchOptions<Plan> & { readonly signal: AbortSignal }) {
    this.#options = options;
    this.#over = new Map(options.study.trials.map((trial) => [trial.id, trial]));
  }

  /** What fails here is thrown when trials that run beside it have stopped. */
  async run(failing: AbortController): Promise<SearchResult> {
    try {
      await this.#saveBest(this.#finished());
      await this.#begin();
      while (this.#running.size > 0) {
        await this.#end(await Promise.race(this.#running.values()));
        await this.#begin();
      }
    } catch (error) {
      failing.abort();
      await Promise.allSettled(this.#running.values());
      throw error;
    }
    const trials = this.#finished();
    return { trials, best: bestTrial(trials, this.#options.objective), complete: this.#complete };
  }

  /** As many as may run now. */
  async #begin(): Promise<void> {
    const { parallel = 1, signal } = this.#options;
    while (this.#complete && this.#running.size < parallel) {
      const trial = this.#next();
      if (!trial) return;
      if (signal.aborted) this.#complete = false;
      else await this.#beginTrial(trial);
    }
  }

  /** The next one to run; null where there is none, or none before another ends. Those that finished are passed over. */
  #next(): Trial | null {
    const { oracle, study, maxTrials, isOwn = () => true } = this.#options;
    const trials = this.#trials;
    for (;;) {
      const id = nextTrialId(trials.length);
      const known = this.#over.get(id);
      if (known) {
        trials.push(known);
        continue;
      }
      // As one by one: where no trial is left to come, failures end nothing.
      checkFailures(maxTrials === null ? trials : trials.slice(0, maxTrials - 1));
      if (maxTrials !== null && trials.length >= maxTrials) return null;
      if (oracle.mustWait(trials)) return null;
      const values = oracle.propose(trials);
      if (!values) return null;
      const trial = newTrial(id, values);
      checkResumed(study, trial);
      trials.push(trial);
      if (isOwn(id)) return trial;
    }
  }

  async #beginTrial(trial: Trial): Promise<void> {
    const { study, hyperModel, space, objective, onTrialBegin } = this.#options;
    const start = performance.now();
    await study.beginTrial(trial);
    onTrialBegin?.(trial, bestTrial(this.#finished(), objective));
    const { "tuner/trial_id": parent, "tuner/epochs": epochs = this.#options.epochs } =
      trial.values;
    const { "tuner/initial_epoch": initialEpoch = 0 } = trial.values;
    const plan = planOf(hyperModel, space, trial.values);
    const job = {
      trial,
      plan,
      initialEpoch: Number(initialEpoch),
      epochs: Number(epochs),
      parentWeights: parent === undefined ? null : await study.loadWeights(String(parent)),
    };
    const ended = this.#outcomeOf(job).then((outcome) => {
      return { trial, plan, outcome, seconds: (performance.now() - start) / 1000 };
    });
    // It may fail while nobody waits for it.
    ended.catch(() => undefined);
    this.#running.set(trial.id, ended);
  }

  async #outcomeOf(job: TrialJob<Plan>): Promise<TrialOutcome | null> {
    const { run, signal } = this.#options;
    return await run(job, signal).catch(failedOutcome);
  }

  async #end({ trial, plan, outcome, seconds }: Ended<Plan>): Promise<void> {
    const { study, onTrialEnd } = this.#options;
    this.#running.delete(trial.id);
    if (!outcome) {
      this.#complete = false;
      return;
    }
    const { models, ...rest } = outcome;
    const status = rest.score === null ? "failed" : "completed";
    const ended: Trial = { ...trial, ...rest, status, seconds };
    await study.endTrial(ended, plan as object, models);
    this.#trials[Number(trial.id) - 1] = ended;
    this.#over.set(trial.id, ended);
    const finished = this.#finished();
    await this.#saveBest(finished);
    onTrialEnd?.(ended, finished);
  }

  #finished(): Trial[] {
    return [...this.#over.values()].sort((a, b) => Number(a.id) - Number(b.id));
  }

  async #saveBest(trials: readonly Trial[]): Promise<void> {
    const { study, hyperModel, space, objective } = this.#options;
    const best = bestTrial(trials, objective);
    if (best) await study.saveBest(best, planOf(hyperModel, space, best.values) as object);
  }
}

/** The plan that a trial's values stand for. */
export function planOf<Plan>(hyperModel: HyperModel<Plan>, space: Space, values: Values): Plan {
  return hyperModel(new HyperParameters(values, space));
}

/** Values that cannot be run are a result; a lost device or a damaged file is not. */
function failedOutcome(error: unknown): TrialOutcome {
  const isResult = error instanceof VitrineError;
  if (!isResult || error instanceof DeviceError || error instanceof FormatError) throw error;
  const nothing = { score: null, bestEpoch: null, folds: [], history: [], models: [] };
  return { ...nothing, message: error.message };
}

/** Anywhere: of trials side by side, a fourth may be over before the third. */
function checkFailures(trials: readonly Trial[]): void {
  const from = trials.findIndex((_, i) => {
    const row = trials.slice(i, i + MAX_CONSECUTIVE_FAILURES);
    return (
      row.length === MAX_CONSECUTIVE_FAILURES && row.every(({ status }) => status === "failed")
    );
  });
  if (from < 0) return;
  const last = trials.slice(from, from + MAX_CONSECUTIVE_FAILURES);
  throw new VitrineError(
    `tuner: ${last.length} trials in a row failed, the last one because ${last.at(-1)?.message}`,
    { help: "narrow the search space, or start anew", remedies: ["overwrite"] },
  );
}

/** A trial that was interrupted is run again, and must be the one that comes next. */
function checkResumed(study: TrialStore, next: Trial): void {
  const interrupted = study.interrupted.find(({ id }) => id === next.id);
  if (!interrupted) return;
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
