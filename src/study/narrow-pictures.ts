// The pictures of a study's report once more, for a page as narrow as a phone: the same data in another layout. They lie in
// the page alone.

import { join } from "node:path";
import type { CleanData } from "../data/clean.ts";
import { classesSvg, samplesSvg } from "../report/charts/data-charts.ts";
import { foldCurvesSvg } from "../report/charts/fold-curves-chart.ts";
import { foldsSvg } from "../report/charts/folds-chart.ts";
import { narrowConfusionSvg } from "../report/charts/narrow-confusion-chart.ts";
import { curvesSvg } from "../report/charts/run-charts.ts";
import { trialsSvg } from "../report/charts/trials-chart.ts";
import { comparisonSvg } from "../report/story/comparison.ts";
import { STUDY_PICTURES } from "../report/story/numbers.ts";
import { narrowName } from "../report/story/story.ts";
import type { StudyRecord } from "../report/story/study-record.ts";
import { historyRow } from "../runs/history.ts";
import type { SavedFold } from "../runs/kfold-folder.ts";
import { readStudy } from "../runs/search-folder.ts";

export async function narrowPictures(
  folder: string,
  record: StudyRecord,
  { train, test }: CleanData,
  folds: readonly SavedFold[],
): Promise<[string, string][]> {
  const { training, evaluation, data } = record;
  const study = await readStudy(join(folder, "03-tuner"));
  const search = { trials: study.trials, ...study.description };
  const drawn: readonly (readonly [keyof typeof STUDY_PICTURES, string])[] = [
    ["classes", await classesSvg(train, test, "narrow")],
    ["samples", samplesSvg(train, "narrow")],
    ["trials", await trialsSvg(search, "narrow")],
    ["curves", await curvesSvg(training.history.map(historyRow), "narrow")],
    ["confusion", await narrowConfusionSvg(evaluation.confusion, data.classNames)],
    ["foldCurves", await foldCurvesSvg(folds, "narrow")],
    ["folds", await foldsSvg(folds, "narrow")],
    ["comparison", await comparisonSvg(record, "narrow")],
  ];
  return drawn.map(([name, svg]) => [narrowName(STUDY_PICTURES[name]), svg]);
}
