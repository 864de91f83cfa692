// A trial that another process runs, from both ends: the chief's runner, which sends a job and makes an outcome of the answer,
// and the worker's answer to a job.

import { VitrineError } from "../engine/core/errors.ts";
import type { TrialJob, TrialModel, TrialOutcome, TrialRunner } from "../tune/tuner.ts";
import { type Answer, RemoteJobs, type RemoteOptions } from "./remote-jobs.ts";
import {
  type AnswerMessage,
  jobOf,
  outcomeMessageOf,
  runningTrial,
  type TrialMessage,
} from "./trial-message.ts";
import type { Exchanging } from "./worker-answer.ts";

/** The chief's end. */
export class RemoteTrials<Plan> {
  readonly #jobs: RemoteJobs;

  constructor(options: RemoteOptions) {
    this.#jobs = new RemoteJobs(options);
  }

  readonly run: TrialRunner<Plan> = (job, signal) =>
    this.#jobs.run<TrialOutcome>(job.trial, {
      signal,
      parent: job.parentWeights,
      message: (parent) => jobOf(job, parent),
      take: (answer) => this.#outcome(job.trial.id, answer),
    });

  async #outcome(id: string, answer: Answer): Promise<TrialOutcome> {
    if (answer.kind !== "outcome") throw unexpected(id, answer);
    const { kind: _, models, ...figures } = answer;
    const taken: TrialModel[] = [];
    for (const { weights, ...model } of models) {
      taken.push({ ...model, weights: await this.#jobs.weights(id, weights) });
    }
    return { ...figures, models: taken };
  }

  recorded(id: string): Promise<void> {
    return this.#jobs.recorded(id);
  }
}

/** For an answer to another kind of job. */
export function unexpected(id: string, { kind }: Answer): VitrineError {
  return new VitrineError(`worker: must answer job ${id} with what it asks for, got ${kind}`);
}

export interface TrialEnd<Plan> {
  readonly run: TrialRunner<Plan>;
  readonly planOf: (values: TrialMessage["values"]) => Plan;
}

/** The worker's end. */
export async function trialAnswer<Plan>(
  { run, planOf }: TrialEnd<Plan>,
  message: TrialMessage,
  { exchange, adapter, driver, signal }: Exchanging,
): Promise<AnswerMessage> {
  const { values, initialEpoch, epochs, parent } = message;
  const parentWeights = parent && (await exchange.get(message.id, parent));
  const trial = runningTrial(message);
  const job: TrialJob<Plan> = {
    ...{ trial, plan: planOf(values), initialEpoch, epochs, parentWeights },
  };
  const outcome = await run(job, signal);
  if (!outcome) return { kind: "interrupted" };
  const refs = [];
  for (const { fold, weights } of outcome.models) {
    refs.push(await exchange.putAnswer(message.id, `trial-${fold ?? 0}`, weights));
  }
  return outcomeMessageOf(outcome, { adapter, driver }, refs);
}
