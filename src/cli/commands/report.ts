// `npm run report`: everything about a saved run in one HTML file, its figures on the test rows computed anew.

import { join } from "node:path";
import { dataDigest } from "../../data/data-digest.ts";
import { describeModel, variablesOf } from "../../engine/layers/model.ts";
import { environmentNow } from "../../io/environment.ts";
import { type JsonValue, writeAtomically } from "../../io/files.ts";
import { tensorDigest } from "../../io/safetensors.ts";
import { statisticsCharts } from "../../report/charts/statistics-charts.ts";
import { figuresJson, mistakeJson, runFigures } from "../../report/run/run-figures.ts";
import { isRecord, type RunFiles, readRunFiles } from "../../report/run/run-files.ts";
import { type EnvironmentRow, runPictures, runStory } from "../../report/run/run-story.ts";
import { storyHtml } from "../../report/story/html.ts";
import { keras3Summary } from "../../report/text/summary-table.ts";
import { namedTensors } from "../../train/named-tensors.ts";
import { withSpinner } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { shortSummary } from "../inputs/model-basis.ts";
import { checkOutputFile } from "../inputs/output-file.ts";
import { repeatCommand } from "../inputs/repeat-command.ts";
import { loadModel, type SavedModel } from "../inputs/saved-model.ts";
import {
  openTestRows,
  predictRows,
  TEST_ROWS_FLAGS,
  type TestRows,
} from "../outcomes/predict-rows.ts";

const FLAGS = {
  out: {
    type: "string",
    value: "file.html",
    help: "where to write the page; default report.html in the run's folder",
  },
  ...TEST_ROWS_FLAGS,
} as const;

const POSITIONALS = [
  { name: "RUN", help: "folder of a saved run, such as runs/…-lenet5" },
] as const;

const command = defineCommand({
  name: "npm run report --",
  summary:
    "Writes a page about a saved run: curves, confusion, precision and recall, calibration, its surest mistakes, and how to repeat it.",
  examples: [
    {
      command: "npm run report -- runs/2026-08-01-14-03-22-lenet5",
      does: "writes report.html into that folder: one file that needs no network",
    },
    {
      command: "npm run report -- runs/…-lenet5 --test-limit 1000 --out first.html",
      does: "of the first 1,000 test rows",
    },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: report,
});

async function report(context: CommandContext<typeof FLAGS, typeof POSITIONALS>): Promise<void> {
  const { flags, positionals, say, style, terminal, json, finish } = context;
  const [run] = positionals;
  await checkOutputFile("out", flags.out, ".html");
  const saved = await loadModel(run);
  const { config } = saved;
  const files = await readRunFiles(run);
  const out = flags.out ?? join(run, "report.html");
  say(style.bold(`vitrine: a report on ${config.model.name} of ${run}`));
  const classes = config.classNames.length;
  const rows = await openTestRows(context, flags, [saved.model]);
  const predictions = await predictRows(context, rows, { saved, label: "predicting" });
  const figures = runFigures(predictions, classes);
  const repeat = repeatCommand(config);
  const environment = await environmentOf(saved, files, rows);
  const statistics = await statisticsCharts(files.statistics);
  const view = {
    ...{ run, config, files, predictions, figures, repeat, environment, statistics },
    test: rows.test,
    allTestRows: rows.data.test.rows,
    summary: keras3Summary(shortSummary(config.model)),
  };
  const pictures = await withSpinner(terminal, "drawing", () => runPictures(view));
  await finish(() => writeAtomically(out, storyHtml(runStory(view), pictures)));
  const { scores, calibration } = figures;
  say();
  say(
    `test       loss ${figures.loss.toFixed(4)}  accuracy ${style.bold(percent(scores.accuracy))}`,
  );
  say(`macro F1   ${scores.macro.f1.toFixed(4)}`);
  say(`ECE        ${percent(calibration.expectedError)} over ${calibration.bins.length} bins`);
  say(`written to ${out}`);
  json({
    model: config.model.name,
    ...{ run, out, adapter: rows.device.name },
    ...figuresJson(figures, config.classNames),
    mistakes: figures.mistakes.map((row) => mistakeJson(predictions, row)),
    repeat: repeat.command,
  });
  rows.device.destroy();
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** What the run recorded beside what this report was made with, so that a difference is seen. */
async function environmentOf(
  { config, model, weights }: SavedModel,
  { metrics }: RunFiles,
  { device, data }: TestRows,
): Promise<EnvironmentRow[]> {
  const recorded = isRecord(metrics["environment"]) ? metrics["environment"] : {};
  const { vitrine, node, platform } = await environmentNow();
  const recordedDigest = (part: string): JsonValue =>
    isRecord(config.data["sha256"]) ? config.data["sha256"][part] : undefined;
  const digest = tensorDigest(namedTensors(variablesOf(model), weights));
  const row = (name: string, was: JsonValue, report: string | null): EnvironmentRow => ({
    ...{ name, report },
    run: was === undefined || was === null ? null : String(was),
  });
  return [
    row("adapter", config.adapter, device.name),
    row("Vitrine", recorded["vitrine"], vitrine),
    row("Node", recorded["node"], node),
    row("platform", recorded["platform"], platform),
    row("data set", config.data["source"], data.source),
    row(
      "SHA-256 of all training rows",
      code(recordedDigest("train")),
      code(dataDigest(data.train)),
    ),
    row("SHA-256 of all test rows", code(recordedDigest("test")), code(dataDigest(data.test))),
    row("SHA-256 of the weights", code(metrics["weightsSha256"]), code(digest)),
    row("parameters", metrics["parameters"], String(parametersOf(model))),
  ];
}

function parametersOf(model: SavedModel["model"]): number {
  const { trainable, nonTrainable } = describeModel(model);
  return trainable + nonTrainable;
}

function code(value: JsonValue): string | null {
  return typeof value === "string" ? `\`${value}\`` : null;
}

await runCommand(command);
