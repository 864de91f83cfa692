// The page about a saved run, as `vitrine report` writes it, for programs of one's own: the run's folder and the rows to score it on.

import { join } from "node:path";
import type { Dataset } from "../data/dataset.ts";
import type { Device } from "../engine/core/device.ts";
import { UsageError } from "../engine/core/errors.ts";
import { describeModel, type Model } from "../engine/layers/model.ts";
import { writeAtomically } from "../io/files.ts";
import { checkTakes } from "../models/for-data.ts";
import { createModel } from "../models/models.ts";
import type { RunView } from "../report/run/run-story.ts";
import { loadRun, type SavedRun } from "../runs/run-folder.ts";
import { allRows, placeDataset } from "../train/device-data.ts";
import { evaluatorOf } from "../train/evaluator.ts";
import { modelsLoss } from "../train/losses.ts";
import type { ClassificationScores } from "../train/metrics/classification.ts";
import { type Predictions, predictionsOf } from "../train/metrics/predictions.ts";
import { datasetOf } from "./byte-rows.ts";
import type { TensorData } from "./tensor-data.ts";

/** What `saveReport` needs. */
export interface ReportOptions {
  /** The folder of a run that `vitrine train`, a fold or a trial saved. */
  readonly run: string;
  /** Rows of bytes that it was not trained on, with a class each: `test` of `loadData`, for instance. */
  readonly test: TensorData;
  /** A file that ends in .html; default `report.html` in the run's folder. */
  readonly out?: string;
}

/** What the page says, as numbers. */
export interface SavedReport {
  /** The file that was written. */
  readonly path: string;
  readonly loss: number;
  readonly scores: ClassificationScores;
  /** Of each row, in order. */
  readonly predictions: Predictions;
}

/**
 * Scores the run on those rows, and writes the page about it: one file that needs no network. Throws UsageError for rows that its model
 * does not take, FormatError for a folder that is damaged.
 */
export async function saveReport(device: Device, options: ReportOptions): Promise<SavedReport> {
  const { run, out: path = join(run, "report.html") } = options;
  if (!path.endsWith(".html")) {
    throw new UsageError(`saveReport: out must end in .html, got ${path}`);
  }
  const saved = await loadRun(run);
  const test = datasetOf("saveReport", options.test, saved.config.classNames);
  const model = createModel(saved.config.model);
  checkTakes(model, test);
  const predictions = await predicted(device, { saved, model, test });
  // Charts and their kind are loaded by who asks for them.
  const { runFigures } = await import("../report/run/run-figures.ts");
  const figures = runFigures(predictions, test.classNames.length);
  const view = await viewOf(device, { run, saved, model, test, predictions, figures });
  const { runPictures, runStory } = await import("../report/run/run-story.ts");
  const { storyHtml } = await import("../report/story/html.ts");
  await writeAtomically(path, storyHtml(runStory(view), await runPictures(view)));
  return { path, loss: figures.loss, scores: figures.scores, predictions };
}

interface Scored {
  readonly saved: SavedRun;
  readonly model: Model;
  readonly test: Dataset;
}

async function predicted(device: Device, { saved, model, test }: Scored): Promise<Predictions> {
  const scope = device.scope();
  try {
    const { config, weights } = saved;
    const loss = modelsLoss(config.model, config.training);
    const { data, rows } = allRows(await placeDataset(scope, test));
    const shares = await evaluatorOf(scope, model, weights, loss).predict(data, rows);
    return predictionsOf(test.labels, shares);
  } finally {
    scope.destroy();
  }
}

async function viewOf(
  device: Device,
  { saved: { config }, model, ...seen }: Scored & Pick<RunView, "run" | "predictions" | "figures">,
): Promise<RunView> {
  const { readRunFiles } = await import("../report/run/run-files.ts");
  const { statisticsCharts } = await import("../report/charts/statistics-charts.ts");
  const { keras3Summary, summaryOf } = await import("../report/text/summary-table.ts");
  const files = await readRunFiles(seen.run);
  const row = (name: string, run: string, report: string) => ({ name, run, report });
  return {
    ...{ ...seen, config, files, allTestRows: seen.test.rows },
    summary: keras3Summary(summaryOf(describeModel(model))),
    environment: [row("adapter", config.adapter, device.name)],
    repeat: { command: null, isExact: false, notes: [REPEAT] },
    statistics: await statisticsCharts(files.statistics),
  };
}

const REPEAT = "`npx vitrine report` on this run's folder says the command that trains it again.";
