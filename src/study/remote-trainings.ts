// The study's trainings in workers, from both ends: the chief asks them, and each answers from what it trains by itself.

import * as v from "valibot";
import { FormatError } from "../engine/core/errors.ts";
import { foldAnswer, RemoteFolds } from "../queue/remote-folds.ts";
import type { RemoteOptions } from "../queue/remote-jobs.ts";
import { RemoteSteps, stepAnswer } from "../queue/remote-steps.ts";
import { RemoteTrials, trialAnswer } from "../queue/remote-trials.ts";
import { foldMessage, stepMessage } from "../queue/trial-message.ts";
import { Turns } from "../queue/turns.ts";
import type { JobAnswerer } from "../queue/worker-answer.ts";
import type { TrainingLook } from "../report/story/study-record.ts";
import type { TrainingPlan } from "../train/training.ts";
import type { TrialRunner } from "../tune/tuner.ts";
import type { StudyFold, Trainings } from "./context.ts";
import { STEP_RESULTS } from "./step-results.ts";
import { studyPlan } from "./tuner-step.ts";

/** Ready to be asked. */
export interface StudyWorkers {
  readonly count: number;
  readonly options: RemoteOptions;
  /** A job is begun, and what a person knows it by; its progress is told by its id. */
  begin(id: string, name: string): void;
  end(id: string): void;
  close(): Promise<void>;
}

const TRAINING = "04-training";

/** The chief's end. */
export class RemoteTrainings implements Trainings {
  readonly turns: Turns;
  readonly #workers: StudyWorkers;
  readonly #trials: RemoteTrials<TrainingPlan>;
  readonly #folds: RemoteFolds;
  readonly #steps: RemoteSteps;

  constructor(workers: StudyWorkers) {
    const { count, options } = workers;
    this.turns = new Turns(count);
    this.#workers = workers;
    this.#trials = new RemoteTrials<TrainingPlan>(options);
    this.#folds = new RemoteFolds(options);
    this.#steps = new RemoteSteps(options);
  }

  readonly trial: TrialRunner<TrainingPlan> = (job, signal) => {
    const { id } = job.trial;
    return this.#shown({ id, name: `trial ${id}` }, () => this.#trials.run(job, signal));
  };

  trialSaved(id: string): Promise<void> {
    return this.#trials.recorded(id);
  }

  async best(signal: AbortSignal): Promise<TrainingLook | null> {
    const job = { ...stepMessage(TRAINING), name: "training" };
    const answer = await this.#shown(job, () => this.#steps.run(TRAINING, signal));
    if (!answer) return null;
    const look = v.safeParse(STEP_RESULTS[TRAINING], answer);
    if (look.success) return look.output;
    const [issue] = look.issues;
    const at = v.getDotPath(issue) ?? "all of it";
    throw new FormatError(
      `worker: must answer a training with its result, got ${at} ${issue.received}`,
    );
  }

  /** As a worker tells it, a fold that diverged is refused. */
  async fold(fold: number, signal: AbortSignal): Promise<StudyFold | null> {
    const job = { ...foldMessage(fold), name: `fold ${fold + 1}` };
    const answer = await this.#shown(job, () => this.#folds.run(fold, signal));
    if (answer && "diverged" in answer) throw new FormatError(`worker: ${answer.diverged}`);
    return answer;
  }

  foldSaved(fold: number): Promise<void> {
    return this.#folds.recorded(fold);
  }

  close(): Promise<void> {
    return this.#workers.close();
  }

  async #shown<T>(
    { id, name }: { readonly id: string; readonly name: string },
    work: () => Promise<T>,
  ): Promise<T> {
    this.#workers.begin(id, name);
    try {
      return await work();
    } finally {
      this.#workers.end(id);
    }
  }
}

/** The worker's end. */
export function studyAnswers(own: Trainings): JobAnswerer {
  const never = new AbortController().signal;
  const steps = {
    run: async (step: string, signal: AbortSignal = never) => {
      if (step === TRAINING) return await own.best(signal);
      throw new FormatError(`worker: a step must be ${TRAINING}, got ${step}`);
    },
  };
  const folds = {
    run: async (fold: number, signal: AbortSignal = never) =>
      (await own.fold(fold, signal)) ?? ("interrupted" as const),
  };
  const trials = { run: own.trial, planOf: studyPlan };
  return async (job, how) => {
    if ("step" in job) return await stepAnswer(steps, job, how);
    if ("fold" in job) return await foldAnswer(folds, job, how);
    return await trialAnswer(trials, job, how);
  };
}
