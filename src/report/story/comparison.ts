// Every model of the study with its three figures, ours and the study's: as numbers, as a table for the terminal, and as
// the picture that shows what the third figure does.

import { type ChartSpec, INK, PALETTE, renderChart } from "../charts/render.ts";
import { average, NONE, percent, percentSpread } from "./numbers.ts";
import { PRINTED_FOLDS, PRINTED_MODELS, PRINTED_TUNER } from "./printed.ts";
import type { FoldLook, StudyRecord, ThreeFigures } from "./study-record.ts";

/** In the order of what they are worth. */
const FIGURES = ["test", "heldOut", "leaked"] as const;

type Figure = (typeof FIGURES)[number];

/** Accuracies, one or one for each fold; or why there are none. */
type Accuracies = readonly number[] | string;

interface ComparedModel {
  readonly title: string;
  readonly ours: Readonly<Record<Figure, Accuracies>>;
  readonly study: Readonly<Record<Figure, Accuracies>>;
}

function compare({ evaluation, folds, transfer }: StudyRecord): ComparedModel[] {
  const { lenet5 } = PRINTED_MODELS;
  return [
    {
      title: "LeNet-5, tuned and trained",
      ours: oursOf(evaluation.model),
      study: printed([lenet5.valAccuracy], "not printed"),
    },
    {
      title: "LeNet-5, the tuner's checkpoint",
      ours: oursOf(evaluation.checkpoint),
      study: printed([PRINTED_TUNER.bestValAccuracy], [lenet5.leaked.accuracy]),
    },
    {
      title: `LeNet-5, ${folds.folds.length} folds`,
      ours: oursOfFolds(folds.folds),
      study: printed("not printed", PRINTED_FOLDS.accuracy),
    },
    ...transfer.map(({ name, title, figures }) => {
      const known = name === "vgg19" || name === "resnet152v2" ? PRINTED_MODELS[name] : null;
      const study = known
        ? printed([known.valAccuracy], [known.leaked.accuracy])
        : printed(NONE, NONE);
      return { title, ours: figures ? oursOf(figures) : skipped(), study };
    }),
  ];
}

function oursOf({ test, heldOut, leaked }: ThreeFigures): ComparedModel["ours"] {
  return { test: [test.accuracy], heldOut: [heldOut.accuracy], leaked: [leaked.accuracy] };
}

function oursOfFolds(folds: readonly FoldLook[]): ComparedModel["ours"] {
  const of = (figure: Figure): number[] => folds.map((fold) => fold[figure].accuracy);
  return { test: of("test"), heldOut: of("heldOut"), leaked: of("leaked") };
}

function skipped(): ComparedModel["ours"] {
  return { test: "skipped", heldOut: "skipped", leaked: "skipped" };
}

function printed(heldOut: Accuracies, leaked: Accuracies): ComparedModel["study"] {
  return { test: "never scored", heldOut, leaked };
}

export interface ConcludingLine {
  readonly title: string;
  /** Texts, in the order test, held-out, leaked. */
  readonly ours: readonly string[];
  readonly study: readonly string[];
}

export function concludingLines(record: StudyRecord): ConcludingLine[] {
  return compare(record).map(({ title, ours, study }) => ({
    title,
    ours: FIGURES.map((figure) => textOf(ours[figure])),
    study: FIGURES.map((figure) => textOf(study[figure])),
  }));
}

function textOf(accuracies: Accuracies): string {
  if (typeof accuracies === "string") return accuracies;
  const [first = Number.NaN] = accuracies;
  return accuracies.length > 1 ? percentSpread(accuracies) : percent(first);
}

/** The table for a terminal of 80 columns: two lines a model, ours and the study's. */
export function concludingTable(record: StudyRecord, embolden: (text: string) => string): string {
  const rows = concludingLines(record).flatMap(({ title, ours, study }) => [
    [title, ...ours],
    ["  the study", ...study],
  ]);
  const head = ["accuracy", "test", "held-out", "leaked"];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .replaceAll("\u00a0", " ");
  return [embolden(line(head)), ...rows.map(line)].join("\n");
}

/** Colours and shapes of the folds chart. */
const MARKS = {
  test: { name: "test", colour: PALETTE.vermillion, shape: "square" },
  heldOut: { name: "held-out", colour: PALETTE.blue, shape: "circle" },
  leaked: { name: "leaked protocol", colour: PALETTE.purple, shape: "triangle-up" },
} as const satisfies Record<Figure, object>;

const ROW_HEIGHT = 44;
/** Pixels that ours and the study's stand apart. */
const APART = 8;

/** A row a model: filled marks are ours, hollow ones the study's. */
export async function comparisonSvg(record: StudyRecord): Promise<string> {
  const models = compare(record);
  const points = (side: "ours" | "study") =>
    models.flatMap((model) =>
      FIGURES.flatMap((figure) => {
        const accuracies = model[side][figure];
        if (typeof accuracies === "string") return [];
        return [{ model: model.title, figure: MARKS[figure].name, value: average(accuracies) }];
      }),
    );
  const encoding = encodingOf(models.map(({ title }) => title));
  const mark = { type: "point", size: 95, opacity: 1 };
  return await renderChart({
    width: 520,
    height: { step: ROW_HEIGHT },
    title: {
      text: "Every figure by what it is",
      subtitle: "filled: this report; hollow: printed by the study; folds by their mean",
    },
    layer: [
      {
        data: { values: points("ours") },
        mark: { ...mark, filled: true, yOffset: -APART },
        encoding,
      },
      {
        data: { values: points("study") },
        mark: { ...mark, filled: false, strokeWidth: 1.8, yOffset: APART },
        encoding,
      },
    ],
  } as ChartSpec);
}

function encodingOf(titles: readonly string[]) {
  const marks = FIGURES.map((figure) => MARKS[figure]);
  const domain = marks.map(({ name }) => name);
  const legend = { orient: "bottom", direction: "horizontal", offset: 12, symbolStrokeWidth: 0 };
  const scale = (range: readonly string[]) => ({ domain, range });
  const shared = { field: "figure", type: "nominal", legend };
  return {
    y: {
      field: "model",
      type: "nominal",
      sort: titles,
      title: null,
      axis: { domain: false, ticks: false, grid: true, labelColor: INK.text, labelLimit: 240 },
    },
    x: {
      field: "value",
      type: "quantitative",
      title: "accuracy",
      scale: { zero: false, nice: 6, padding: 14 },
      axis: { format: "~%", tickCount: 7, domain: false, ticks: false },
    },
    color: { ...shared, scale: scale(marks.map(({ colour }) => colour)) },
    shape: { ...shared, scale: scale(marks.map(({ shape }) => shape)) },
  };
}
