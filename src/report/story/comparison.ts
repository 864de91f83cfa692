// Every model of the study with its three figures, ours and the study's: as numbers, as a table for the terminal, and as
// the picture that shows what the third figure does.

import { type ChartSpec, INK, type Layout, PALETTE, renderChart } from "../charts/render.ts";
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

/** `apart`: pixels that ours and the study's stand apart. */
const SIZES = {
  wide: { width: 520, row: 44, apart: 8 },
  narrow: { width: 296, row: 62, apart: 8 },
} as const;
/** Of a name above its row, from the row's middle. */
const NAME_ABOVE = 20;

/** A row a model: filled marks are ours, hollow ones the study's. Where it is narrow, names stand above their rows. */
export async function comparisonSvg(record: StudyRecord, layout: Layout = "wide"): Promise<string> {
  const models = compare(record);
  const points = (side: "ours" | "study") =>
    models.flatMap((model) =>
      FIGURES.flatMap((figure) => {
        const accuracies = model[side][figure];
        if (typeof accuracies === "string") return [];
        return [{ model: model.title, figure: MARKS[figure].name, value: average(accuracies) }];
      }),
    );
  const { width, row, apart } = SIZES[layout];
  const titles = models.map(({ title }) => title);
  const encoding = encodingOf(titles, layout);
  const mark = { type: "point", size: 95, opacity: 1 };
  const notes = ["filled: this report; hollow: printed by the study", "folds by their mean"];
  const { y } = encoding;
  const names = {
    data: { values: titles.map((model) => ({ model })) },
    mark: {
      type: "text",
      align: "left",
      x: 0,
      yOffset: -NAME_ABOVE,
      fontSize: 12,
      color: INK.text,
    },
    encoding: { y, text: { field: "model" } },
  };
  return await renderChart({
    width,
    height: { step: row },
    title: {
      text: "Every figure by what it is",
      subtitle: layout === "wide" ? notes.join("; ") : notes,
    },
    layer: [
      ...(layout === "narrow" ? [names] : []),
      {
        data: { values: points("ours") },
        mark: { ...mark, filled: true, yOffset: -apart },
        encoding,
      },
      {
        data: { values: points("study") },
        mark: { ...mark, filled: false, strokeWidth: 1.8, yOffset: apart },
        encoding,
      },
    ],
  } as unknown as ChartSpec);
}

function encodingOf(titles: readonly string[], layout: Layout) {
  const isWide = layout === "wide";
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
      axis: {
        ...{ domain: false, ticks: false, grid: true, labels: isWide },
        ...{ labelColor: INK.text, labelLimit: 240 },
      },
    },
    x: {
      field: "value",
      type: "quantitative",
      title: "accuracy",
      scale: { zero: false, nice: 6, padding: 14 },
      axis: { format: "~%", tickCount: isWide ? 7 : 5, domain: false, ticks: false },
    },
    color: { ...shared, scale: scale(marks.map(({ colour }) => colour)) },
    shape: { ...shared, scale: scale(marks.map(({ shape }) => shape)) },
  };
}
