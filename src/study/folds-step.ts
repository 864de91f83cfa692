// Cross-validates the tuned hyper-parameters on the rows that the study's split gives to training, as the study did, and
// scores every fold three times. Leaves a folder as `kfold` does, and goes on from finished folds.

import { dataDigest } from "../data/data-digest.ts";
import { takeRows } from "../data/dataset.ts";
import type { Split } from "../data/split.ts";
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
import { PartCheckpoints } from "../runs/part-checkpoints.ts";
import { wholeTensors } from "../train/basis.ts";
import { crossValidate, foldSplits } from "../train/cross-validation.ts";
import type { Score } from "../train/score.ts";
import type { TrainingPlan, TrainingSettings } from "../train/training.ts";
import { CHECKPOINT_MINUTES, type StudyContext } from "./context.ts";
import type { Timed } from "./step-runner.ts";

export async function foldsStep(
  context: StudyContext,
  plan: TrainingPlan,
  folder: string,
): Promise<Timed<FoldsLook>> {
  const { settings, screen, signal, rows, bench } = context;
  const training = { ...plan.training, epochs: settings.foldEpochs, patience: settings.patience };
  const kfold = kfoldSettings(context, plan, training);
  await openKfold(folder, kfold, false);
  const saved = await loadFolds(folder, settings.folds);
  if (saved.size > 0) screen.say(`${saved.size} of ${settings.folds} folds are done, and kept`);
  const { device, basis, train, test } = await bench.equipment();
  const minutes = CHECKPOINT_MINUTES;
  const tell = (line: string): void => screen.say(line);
  const checkpoints = new PartCheckpoints(folder, { minutes, adapter: device.name, tell });
  let start = 0;
  await crossValidate({
    device,
    model: plan.model,
    basis,
    data: train,
    splits: studyFolds(context),
    training,
    seed: settings.seed,
    test,
    leakedRows: rows.all,
    finished: (fold) => saved.get(fold),
    checkpointsOf: (fold) => checkpoints.open(foldName(fold)),
    signal,
    ...screen.training(training.epochs),
    onFoldBegin: (fold) => {
      start = performance.now();
      screen.say(`fold ${fold + 1} of ${settings.folds}`);
    },
    onFold: async (result, trained) => {
      const seconds = (performance.now() - start) / 1000;
      const { classNames } = context.data.train;
      const data = dataRecord(context.data);
      const recordedBy = { adapter: device.name, kernels: tableOn(device) };
      const facts = { settings: kfold, classNames, data, seconds, ...recordedBy };
      const weights = wholeTensors(basis, plan.model, trained.weights);
      const fold = await saveFold(folder, result, weights, facts);
      saved.set(fold.fold, fold);
      checkpoints.end(foldName(fold.fold));
      screen.say(foldLine(fold));
    },
  });
  signal.throwIfAborted();
  checkpoints.endAll();
  const folds = [...saved.values()].sort((a, b) => a.fold - b.fold);
  await saveKfoldResults(folder, kfold, folds);
  await drawFolds(folder, folds);
  return summarise(folds);
}

function summarise(folds: readonly SavedFold[]): Timed<FoldsLook> {
  const seconds = folds.reduce((sum, fold) => sum + fold.seconds, 0);
  return { look: { folds: folds.map(lookOf), adapter: folds[0]?.adapter ?? "" }, seconds };
}

/** Folds of the rows that were not held out; numbers are those of the whole training set. */
function studyFolds({ rows: { train }, settings: { folds, seed } }: StudyContext): Split[] {
  const inTrainingSet = (rows: Uint32Array): Uint32Array<ArrayBuffer> =>
    Uint32Array.from(rows, (row) => train[row] ?? 0);
  return foldSplits(train.length, { folds, seed }).map((split) => ({
    train: inTrainingSet(split.train),
    test: inTrainingSet(split.test),
  }));
}

function kfoldSettings(
  { settings, data, rows: { train: trainRows } }: StudyContext,
  { model }: TrainingPlan,
  training: TrainingSettings,
): KfoldSettings {
  const { folds, seed, rows } = settings;
  return {
    model,
    folds,
    stratified: false,
    seed,
    training,
    limit: rows,
    leaked: true,
    // The folds are of these rows, not of the whole training set.
    data: {
      train: dataDigest(takeRows(data.train, trainRows)),
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
