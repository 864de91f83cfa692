// The study's search: its own search space, at random, judged on the held-out rows. Leaves a folder as `tune` does, and
// goes on from finished trials.

import { join } from "node:path";
import { VitrineError } from "../engine/core/errors.ts";
import { describeModel } from "../engine/layers/model.ts";
import type { Weights } from "../engine/layers/variables.ts";
import { writeAtomically } from "../io/files.ts";
import { createModel } from "../models/models.ts";
import { trialsSvg } from "../report/charts/trials-chart.ts";
import type { TrialLook, TunerLook } from "../report/story/study-record.ts";
import { trialBlock, trialHeader } from "../report/text/tuner-text.ts";
import { dataRecord } from "../runs/images-record.ts";
import { tableOn } from "../runs/kernel-table.ts";
import type { PartCheckpoints } from "../runs/part-checkpoints.ts";
import type { StudyDescription } from "../runs/search-description.ts";
import { openStudy, readStudy, type StudyFolder } from "../runs/search-folder.ts";
import { folderOfTrial } from "../runs/trial-file.ts";
import type { TrialFacts } from "../runs/trial-run.ts";
import type { TrainingPlan } from "../train/training.ts";
import { spaceOf } from "../tune/hyper-parameters.ts";
import { RandomSearch } from "../tune/oracles/random-search.ts";
import type { Values } from "../tune/parameter.ts";
import { trainTrials } from "../tune/train-trial.ts";
import { bestTrial, objectiveOf, type Trial } from "../tune/trial.ts";
import { planOf, type SearchResult, search, type TrialRunner } from "../tune/tuner.ts";
import { stepCheckpoints } from "./checkpoints.ts";
import type { StudyContext, TrainingContext } from "./context.ts";
import { studySpace } from "./search-space.ts";
import type { StepTime } from "./step-runner.ts";

const OBJECTIVE = objectiveOf("val_accuracy");
const SPACE = spaceOf(studySpace);

/** What a trial's values stand for. */
export function studyPlan(values: Values): TrainingPlan {
  return planOf(studySpace, SPACE, values);
}

/** The best trial's plan, and the weights of its best epoch. */
export interface Tuned {
  readonly plan: TrainingPlan;
  readonly weights: Weights;
}

export async function tunerStep(
  context: StudyContext,
  folder: string,
  time: StepTime,
): Promise<TunerLook> {
  const { settings, screen } = context;
  const oracle = new RandomSearch(SPACE, { seed: settings.seed });
  const device = await context.bench.device();
  const study = await openStudy(folder, describe(context, oracle), {
    facts: trialFacts(context, device.name),
  });
  study.kernels = tableOn(device);
  const { length: kept } = study.trials;
  if (kept > 0) {
    screen.say(`${kept} of ${settings.trials} trials are done, and kept`);
    time.keep(secondsOf(study.trials));
  }
  const checkpoints = stepCheckpoints(context, folder, device);
  const { trials, best } = await searchAll(context, { study, oracle, checkpoints, time });
  if (!best) {
    throw new VitrineError(
      `tuner: at least one trial must be scored, got ${trials.length} failed`,
      {
        help: "another --seed draws other hyper-parameters",
      },
    );
  }
  const svg = await trialsSvg({ trials, space: SPACE, objective: OBJECTIVE });
  await writeAtomically(join(folder, "trials.svg"), svg);
  const { model } = studyPlan(best.values);
  const { trainable, nonTrainable } = describeModel(createModel(model));
  return {
    names: SPACE.map(({ name }) => name),
    trials: trials.map(lookOf),
    best: Number(best.id),
    parameters: trainable + nonTrainable,
  };
}

interface SearchWork {
  readonly study: StudyFolder;
  readonly oracle: RandomSearch;
  readonly checkpoints: PartCheckpoints;
  readonly time: StepTime;
}

async function searchAll(
  context: StudyContext,
  { study, oracle, checkpoints, time }: SearchWork,
): Promise<SearchResult> {
  const { settings, signal } = context;
  const texts = trialTexts(context, time);
  const trainings = await context.trainings.get();
  const saved: Promise<void>[] = [];
  const later = (work: Promise<void>): void => {
    // It may fail while nobody waits for it.
    work.catch(() => undefined);
    saved.push(work);
  };
  const result = await search({
    ...{ study, oracle, signal, objective: OBJECTIVE },
    ...{ space: SPACE, hyperModel: studySpace },
    maxTrials: settings.trials,
    epochs: settings.trialEpochs,
    run: (job, stop) => trainings.trial(job, stop),
    parallel: trainings.turns.count,
    ...texts,
    onTrialEnd: (trial, finished) => {
      checkpoints.end(folderOfTrial(trial.id));
      later(time.save());
      later(trainings.trialSaved(trial.id));
      texts.onTrialEnd(trial, finished);
    },
  }).finally(() => Promise.all(saved));
  signal.throwIfAborted();
  checkpoints.endAll();
  return result;
}

/** What the finished search left. */
export async function loadTuned(folder: string): Promise<Tuned> {
  const study = await readStudy(folder);
  const best = bestTrial(study.trials, OBJECTIVE);
  if (!best) throw new VitrineError(`${folder}: must hold a scored trial, got none`);
  const tensors = await study.loadWeights(best.id);
  const weights = tensors.map(({ name, data }) => [name, Float32Array.from(data)] as const);
  return { plan: studyPlan(best.values), weights: new Map(weights) };
}

/** In whichever process. */
export async function studyTrials(
  context: TrainingContext,
  folder: string,
): Promise<TrialRunner<TrainingPlan>> {
  const { bench, rows, settings, screen } = context;
  const { device, basis, train } = await bench.equipment();
  const checkpoints = stepCheckpoints(context, folder, device);
  return trainTrials({
    device,
    basis,
    data: train,
    rows: rows.train,
    validationRows: rows.heldOut,
    objective: OBJECTIVE,
    seed: settings.seed,
    patience: 0,
    events: () => screen.training(settings.trialEpochs),
    checkpointsOf: ({ trial }) => checkpoints.open(folderOfTrial(trial.id)),
  });
}

function describe(
  { settings }: StudyContext,
  { name, settings: seeds }: RandomSearch,
): StudyDescription {
  const { trials: maxTrials, trialEpochs, validation, rows, seed, data } = settings;
  return {
    model: "lenet5",
    tuner: name,
    objective: OBJECTIVE,
    maxTrials,
    space: SPACE,
    settings: { ...seeds, epochs: trialEpochs, validation, limit: rows, data, trainingSeed: seed },
  };
}

function trialFacts({ data, rows }: StudyContext, adapter: string): TrialFacts {
  return {
    classNames: data.train.classNames,
    data: {
      ...dataRecord(data),
      trainRows: rows.train.length,
      heldOutRows: rows.heldOut.length,
      testRows: data.test.rows,
    },
    adapter,
  };
}

/** What KerasTuner shows before and after a trial. */
function trialTexts({ screen, settings }: StudyContext, time: StepTime) {
  return {
    onTrialBegin: (trial: Trial, best: ReturnType<typeof bestTrial>) =>
      screen.say(trialHeader(trial, best)),
    onTrialEnd: (trial: Trial, finished: readonly Trial[]) => {
      const best = bestTrial(finished, OBJECTIVE);
      const { seconds: totalSeconds } = time.spent();
      const block = trialBlock({ trial, objective: OBJECTIVE, best, totalSeconds });
      screen.say(`${block}\n\n${finished.length} of ${settings.trials} trials are done`);
    },
  };
}

function secondsOf(trials: readonly Trial[]): number {
  return trials.reduce((sum, { seconds }) => sum + seconds, 0);
}

function lookOf({ id, values, score, bestEpoch, seconds, message }: Trial): TrialLook {
  return { number: Number(id), values, score, bestEpoch, seconds, message };
}
