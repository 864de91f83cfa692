// The report of one run as a story: what it learnt, what it is worth on the test rows, where it errs, and what it takes to
// have it again.

import type { Dataset } from "../../data/dataset.ts";
import { formatCount } from "../../format/number-format.ts";
import type { EpochRow } from "../../runs/history.ts";
import type { RunConfig } from "../../runs/run-record.ts";
import type { Predictions } from "../../train/metrics/predictions.ts";
import { type ClassDots, classDotsSvg } from "../charts/class-dots-chart.ts";
import { confusionSvg } from "../charts/confusion-chart.ts";
import { reliabilitySvg } from "../charts/reliability-chart.ts";
import { curvesSvg } from "../charts/run-charts.ts";
import type { StatisticsChart } from "../charts/statistics-charts.ts";
import { countOf, lossOf, NONE, percent } from "../story/numbers.ts";
import {
  type Block,
  chapter,
  columns,
  type Pictures,
  type Story,
  type Table,
  text,
} from "../story/story.ts";
import {
  calibrationChapter,
  classesChapter,
  confusionChapter,
  GALLERY_ROWS,
  mistakeStrips,
  mistakesChapter,
  RUN_PICTURES,
  scoreCards,
} from "./chapters.ts";
import { rowFile, rowPicture } from "./row-pictures.ts";
import type { RunFigures } from "./run-figures.ts";
import type { RunFiles } from "./run-files.ts";
import { statisticsChapter } from "./statistics-chapter.ts";

/** What is known of the run itself, and of this look at it; null where the run did not record it. */
export interface EnvironmentRow {
  readonly name: string;
  readonly run: string | null;
  readonly report: string | null;
}

export interface Repeat {
  /** Null for a run that another command made, as a part of more. */
  readonly command: string | null;
  /** Whether it says all that the weights depend on. */
  readonly isExact: boolean;
  /** What the command cannot say. */
  readonly notes: readonly string[];
}

export interface RunView {
  /** The folder, as it was given. */
  readonly run: string;
  readonly config: RunConfig;
  readonly files: RunFiles;
  /** The test rows that were scored. */
  readonly test: Dataset;
  /** Where there are more of them. */
  readonly allTestRows: number;
  readonly predictions: Predictions;
  readonly figures: RunFigures;
  /** Keras's table. */
  readonly summary: string;
  readonly environment: readonly EnvironmentRow[];
  readonly repeat: Repeat;
  /** Of what `--stats` measured. */
  readonly statistics: readonly StatisticsChart[];
}

export function runStory(view: RunView): Story {
  const { run, config, files, figures, predictions, test, summary } = view;
  const { classNames } = config;
  return {
    title: config.model.name,
    subtitle: run,
    facts: factsOf(view),
    blocks: [
      ...inShort(view),
      ...learningChapter(files),
      ...statisticsChapter(view.statistics, files.statistics.length),
      ...confusionChapter(figures, classNames, test),
      ...classesChapter(figures, classNames),
      ...calibrationChapter(figures),
      ...mistakesChapter({ figures, predictions, classNames, isGrey: test.channels === 1 }),
      chapter("model", "The model"),
      { kind: "code", text: summary, caption: "As Keras 3 prints it." },
      ...environmentChapter(view),
      ...repeatChapter(view.repeat),
    ],
  };
}

export async function runPictures(view: RunView): Promise<Pictures> {
  const { files, figures, config, test, statistics, predictions } = view;
  const { confusion, calibration, mistakes } = figures;
  const { classNames } = config;
  const rows = mistakes.slice(0, GALLERY_ROWS);
  return new Map<string, string | Uint8Array>([
    ...(files.history.length > 0
      ? [[RUN_PICTURES.curves, await curvesSvg(files.history)] as const]
      : []),
    [RUN_PICTURES.counts, await confusionSvg(confusion, classNames, "counts")],
    [RUN_PICTURES.rows, await confusionSvg(confusion, classNames, "rows")],
    [RUN_PICTURES.columns, await confusionSvg(confusion, classNames, "columns")],
    [RUN_PICTURES.classes, await classDotsSvg(classDots(figures, classNames))],
    [RUN_PICTURES.reliability, await reliabilitySvg(calibration)],
    ...mistakeStrips(figures, predictions, test),
    ...statistics.map(({ file, svg }) => [file, svg] as const),
    ...rows.map((row) => [rowFile(row), rowPicture(test, row)] as const),
  ]);
}

function classDots({ scores }: RunFigures, classNames: readonly string[]): ClassDots {
  const series = (["precision", "recall"] as const).map((name) => ({
    name,
    values: scores.classes.map((scored) => scored[name]),
  }));
  return {
    title: "Precision and recall",
    subtitle: "far apart where a class is named too often, or too seldom",
    ...{ unit: "share", classNames, series },
  };
}

function factsOf({ config, files, test, environment }: RunView): string[] {
  const { metrics } = files;
  const parameters = metrics["parameters"];
  const seconds = metrics["seconds"];
  const seed = config.training["seed"];
  const rows = config.data["trainRows"];
  return [
    ...(typeof rows === "number" ? [`trained on ${formatCount(rows)} rows`] : []),
    `scored on ${countOf(test.rows, "test row")}`,
    ...(typeof parameters === "number" ? [`${formatCount(parameters)} parameters`] : []),
    ...(typeof seconds === "number" ? [`${timeOf(seconds)} of training`] : []),
    ...(typeof seed === "number" ? [`seed ${seed}`] : []),
    ...environment.slice(0, 1).map(({ run }) => `adapter: ${run ?? "not recorded"}`),
  ];
}

/** `38 s`, `4 min 10 s` */
function timeOf(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 100 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const ENDINGS: Readonly<Record<string, string>> = {
  early: "stopped early",
  interrupted: "was interrupted",
  failed: "was ended by an error",
};

function inShort(view: RunView): Block[] {
  const { files, figures, test, allTestRows } = view;
  const { metrics } = files;
  const ending = ENDINGS[String(metrics["ended"])];
  const notes = [
    test.rows < allTestRows
      ? `**A part of the test rows:** the figures are of the first ${formatCount(test.rows)} of ${formatCount(allTestRows)} (\`--test-limit\`).`
      : "",
    ending && ending !== ENDINGS["early"]
      ? `**The training ${ending}** after ${files.history.length} epochs; the report is of the weights that it had kept.`
      : "",
    differs(metrics["testAccuracy"], figures)
      ? `**The run recorded another accuracy:** ${percent(Number(metrics["testAccuracy"]))} on the test rows that it scored. It scored others (\`--test-limit\`), or another data set, or on another adapter; this report's figures are new ones.`
      : "",
  ];
  return [
    scoreCards(figures),
    ...notes.filter((note) => note !== "").map((note): Block => ({ kind: "note", text: note })),
  ];
}

/** By more than two rows, which another adapter's rounding may explain. */
function differs(recorded: unknown, { scores }: RunFigures): boolean {
  if (typeof recorded !== "number") return false;
  return Math.abs(recorded - scores.accuracy) * scores.rows > 2.5;
}

function learningChapter({ history, metrics }: RunFiles): Block[] {
  if (history.length === 0) {
    return [
      chapter("learning", "How it learnt"),
      text("The run's folder has no `history.csv`, so there are no curves."),
    ];
  }
  const best = Number(metrics["bestEpoch"]);
  const kept = Number.isInteger(best) ? `; the weights of epoch ${best} were kept` : "";
  const stopped = metrics["ended"] === "early" ? ", then stopped early" : "";
  const count = history.length === 1 ? "1 epoch" : `${history.length} epochs`;
  return [
    chapter("learning", "How it learnt"),
    text(`It trained for ${count}${stopped}${kept}.`),
    {
      kind: "figure",
      file: RUN_PICTURES.curves,
      alt: `Loss and accuracy of ${count}, training against validation`,
      caption:
        "Training figures are means over the epoch while the weights change; validation figures are of held-out rows after it. The ring marks the best epoch.",
    },
    { kind: "details", summary: "Every epoch in figures", blocks: [historyTable(history, best)] },
  ];
}

function historyTable(history: readonly EpochRow[], best: number): Table {
  const optional = (value: number | undefined, show: (value: number) => string): string =>
    value === undefined ? NONE : show(value);
  return {
    kind: "table",
    columns: columns("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "rate"),
    rows: history.map((row) => ({
      strong: row.epoch + 1 === best,
      cells: [
        String(row.epoch + 1),
        lossOf(row.loss),
        percent(row.accuracy),
        optional(row.valLoss, lossOf),
        optional(row.valAccuracy, percent),
        row.learningRate.toPrecision(3),
      ],
    })),
  };
}

function environmentChapter({ environment, config }: RunView): Block[] {
  const cell = (value: string | null): string => (value === null ? NONE : value);
  const settings = Object.entries({ ...config.model, ...config.training });
  return [
    chapter("environment", "Where and with what"),
    {
      kind: "table",
      columns: [{ title: "" }, { title: "the run, as it recorded" }, { title: "this report" }],
      rows: environment.map(({ name, run, report }) => ({
        cells: [name, cell(run), cell(report)],
      })),
      caption: `${NONE} stands for what was not recorded, or does not apply.`,
    },
    {
      kind: "details",
      summary: "Settings of model and training",
      blocks: [
        {
          kind: "table",
          columns: [{ title: "setting" }, { title: "value" }],
          rows: settings.map(([name, value]) => ({
            cells: [name, `\`${typeof value === "string" ? value : JSON.stringify(value)}\``],
          })),
        },
      ],
    },
  ];
}

function repeatChapter({ command, isExact, notes }: Repeat): Block[] {
  return [
    chapter("repeat", "Repeat it"),
    ...(command === null
      ? []
      : [
          text(
            isExact
              ? "On the same data and adapter, every bit of the weights comes out the same."
              : "As near as flags come to it:",
          ),
          { kind: "code" as const, text: foldedCommand(command), type: "commands" as const },
        ]),
    ...notes.map((note): Block => text(note)),
  ];
}

/** In lines that a shell joins again, none broken within a flag. */
function foldedCommand(command: string): string {
  const lines: string[] = [];
  let line = "";
  for (const flag of command.split(/ (?=--\w)/)) {
    if (line !== "" && line.length + flag.length > 74) {
      lines.push(line);
      line = `  ${flag}`;
    } else line = line === "" ? flag : `${line} ${flag}`;
  }
  return [...lines, line].join(" \\\n");
}
