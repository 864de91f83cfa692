// Cross-validates the tuned hyper-parameters on the rows that the study's split gives to training, as the study did, and
// scores every fold three times. Leaves a folder as `kfold` does, and goes on from finished folds.

import { dataDigest } from "../data/data-digest.ts";
import { takeRows } from "../data/dataset.ts";
import type { Split } from "../data/split.ts";
import { sideBySide } from "../queue/turns.ts";
import { drawFolds } from "../report/charts/saved-charts.ts";
import type { FoldLook, FoldsLook } from "../report/story/study-record.ts";
import { dataRecord } from "../runs/images-record.ts";
import { tableOn } from "../runs/kernel-table.ts";
import {
  foldName,
  type KfoldSettings,
  loadFolds,
  openKfold,
  type SavedFold,
  saveFold,
  saveKfoldResults,
} from "../runs/kfold-folder.ts";
import { wholeTensors } from "../train/basis.ts";
import { checkBatchSize, foldSplits, trainFold } from "../train/cross-validation.ts";
import type { Score } from "../train/score.ts";
import type { TrainingPlan, TrainingSettings } from "../train/training.ts";
import { stepCheckpoints } from "./checkpoints.ts";
import type { StudyContext, StudyFold, TrainingContext } from "./context.ts";
import type { StepTime } from "./step-runner.ts";

export async function foldsStep(context: StudyContext, work: FoldsWork): Promise<FoldsLook> {
  const { settings, screen } = context;
  const { plan, folder, time } = work;
  const kfold = kfoldSettings(context, plan);
  await openKfold(folder, kfold, false);
  const saved = await loadFolds(folder, settings.folds);
  if (saved.size > 0) {
    screen.say(`${saved.size} of ${settings.folds} folds are done, and kept`);
    time.keep([...saved.values()].reduce((sum, fold) => sum + fold.seconds, 0));
  }
  await trainMissing(context, { ...work, kfold, saved });
  const folds = [...saved.values()].sort((a, b) => a.fold - b.fold);
  await saveKfoldResults(folder, kfold, folds);
  await drawFolds(folder, folds);
  return { folds: folds.map(lookOf), adapter: folds[0]?.adapter ?? "" };
}

interface MissingFolds extends FoldsWork {
  readonly kfold: KfoldSettings;
  /** Gets what is trained. */
  readonly saved: Map<number, SavedFold>;
}

async function trainMissing(
  context: StudyContext,
  { folder, time, kfold, saved }: MissingFolds,
): Promise<void> {
  const { screen, signal, bench } = context;
  const splits = studyFolds(context);
  checkBatchSize(splits, kfold.training.batchSize);
  const device = await bench.device();
  const trainings = await context.trainings.get();
  const checkpoints = stepCheckpoints(context, folder, device);
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  const { classNames } = context.data.train;
  const shared = { settings: kfold, classNames, data: dataRecord(context.data) };
  const trainOne = async (index: number): Promise<void> => {
    if (either.aborted) return;
    const trained = await trainings.fold(index, either);
    if (!trained) return;
    const { result, weights, seconds, adapter } = trained;
    const facts = { ...shared, seconds, adapter, kernels: tableOn(device) };
    const fold = await saveFold(folder, result, weights, facts);
    saved.set(fold.fold, fold);
    checkpoints.end(foldName(index));
    await Promise.all([time.save(), trainings.foldSaved(index)]);
    screen.say(foldLine(fold));
  };
  const missing = [...splits.keys()].filter((index) => !saved.has(index));
  const works = missing.map((index) => trainings.turns.take(() => trainOne(index)));
  await sideBySide(works, failing);
  signal.throwIfAborted();
  checkpoints.endAll();
}

interface FoldsWork {
  readonly plan: TrainingPlan;
  readonly folder: string;
  readonly time: StepTime;
}

/** In whichever process; from 0. Null when interrupted. Throws DivergenceError when it becomes NaN or infinite. */
export async function trainStudyFold(
  context: TrainingContext,
  { plan, folder }: Omit<FoldsWork, "time">,
  fold: number,
): Promise<StudyFold | null> {
  const { settings, screen, signal, rows, bench } = context;
  const { device, basis, train, test } = await bench.equipment();
  const checkpoints = stepCheckpoints(context, folder, device);
  const training = foldTraining(context, plan);
  const start = performance.now();
  let weights: StudyFold["weights"] = [];
  const result = await trainFold(
    {
      ...{ device, model: plan.model, basis, training, test, signal },
      ...screen.training(training.epochs),
      data: train,
      splits: studyFolds(context),
      seed: settings.seed,
      leakedRows: rows.all,
      checkpointsOf: (index) => checkpoints.open(foldName(index)),
      onFoldBegin: () => screen.say(`fold ${fold + 1} of ${settings.folds}`),
      onFold: (_, trained) => {
        weights = wholeTensors(basis, plan.model, trained.weights);
      },
    },
    fold,
  );
  // No fold ends as "diverged" where nobody asks to be told.
  if (typeof result === "string") return null;
  return { result, weights, seconds: (performance.now() - start) / 1000, adapter: device.name };
}

function foldTraining({ settings }: TrainingContext, { training }: TrainingPlan): TrainingSettings {
  return { ...training, epochs: settings.foldEpochs, patience: settings.patience };
}

/** Folds of the rows that were not held out; numbers are those of the whole training set. */
function studyFolds({ rows: { train }, settings: { folds, seed } }: TrainingContext): Split[] {
  const inTrainingSet = (rows: Uint32Array): Uint32Array<ArrayBuffer> =>
    Uint32Array.from(rows, (row) => train[row] ?? 0);
  return foldSplits(train.length, { folds, seed }).map((split) => ({
    train: inTrainingSet(split.train),
    test: inTrainingSet(split.test),
  }));
}

function kfoldSettings(context: TrainingContext, plan: TrainingPlan): KfoldSettings {
  const { settings, data, rows } = context;
  const { folds, seed, rows: limit } = settings;
  return {
    model: plan.model,
    folds,
    stratified: false,
    seed,
    training: foldTraining(context, plan),
    limit,
    leaked: true,
    // The folds are of these rows, not of the whole training set.
    data: {
      train: dataDigest(takeRows(data.train, rows.train)),
      test: dataDigest(data.test),
    },
  };
}

function foldLine({ fold, heldOut, test, leaked }: SavedFold): string {
  const shown = [
    `held-out ${percent(heldOut)}`,
    test ? `test ${percent(test)}` : "",
    leaked ? `leaked ${percent(leaked)}` : "",
  ];
  return `fold ${fold + 1}: ${shown.filter((text) => text !== "").join(", ")}`;
}

function percent({ accuracy }: Score): string {
  return `${(100 * accuracy).toFixed(2)} %`;
}

function lookOf(result: SavedFold): FoldLook {
  const { fold, trainRows, epochs, bestEpoch, heldOut } = result;
  return {
    fold: fold + 1,
    trainRows,
    epochs,
    bestEpoch,
    heldOut,
    test: scored(result.test),
    leaked: scored(result.leaked),
  };
}

/** The step asks for all three scores. */
function scored(score: Score | null): Score {
  return score ?? { loss: Number.NaN, accuracy: Number.NaN, rows: 0 };
}
