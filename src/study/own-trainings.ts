// The study's trainings in this process, one after another: the study's own, or one of its workers.

import { Turns } from "../queue/turns.ts";
import type { TrainingLook } from "../report/story/study-record.ts";
import type { TrainingPlan } from "../train/training.ts";
import type { TrialRunner } from "../tune/tuner.ts";
import type { StudyFold, TrainingContext, Trainings } from "./context.ts";
import { trainStudyFold } from "./folds-step.ts";
import { trainBest } from "./training-step.ts";
import { loadTuned, studyTrials } from "./tuner-step.ts";

export class OwnTrainings implements Trainings {
  readonly turns = new Turns(1);
  readonly #context: TrainingContext;
  readonly #folder: (step: string) => string;
  #trials: Promise<TrialRunner<TrainingPlan>> | null = null;
  #plan: Promise<TrainingPlan> | null = null;

  /** `folder`: that of a step. */
  constructor(context: TrainingContext, folder: (step: string) => string) {
    this.#context = context;
    this.#folder = folder;
  }

  readonly trial: TrialRunner<TrainingPlan> = async (job, signal) => {
    this.#trials ??= studyTrials(this.#context, this.#folder("03-tuner"));
    return await (await this.#trials)(job, signal);
  };

  async best(signal: AbortSignal): Promise<TrainingLook | null> {
    const context = { ...this.#context, signal };
    return await trainBest(context, await this.#best(), this.#folder("04-training"));
  }

  async fold(fold: number, signal: AbortSignal): Promise<StudyFold | null> {
    const work = { plan: await this.#best(), folder: this.#folder("06-folds") };
    return await trainStudyFold({ ...this.#context, signal }, work, fold);
  }

  /** Once the search is over. */
  #best(): Promise<TrainingPlan> {
    this.#plan ??= loadTuned(this.#folder("03-tuner")).then(({ plan }) => plan);
    return this.#plan;
  }

  async trialSaved(): Promise<void> {
    // It lies nowhere else.
  }

  async foldSaved(): Promise<void> {
    // Nor does this.
  }

  async close(): Promise<void> {
    // The device is the bench's.
  }
}
