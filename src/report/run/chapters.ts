// Chapters of a run's report that say what it is worth on the test rows: scores, confusion, classes, calibration, mistakes.

import type { Dataset } from "../../data/dataset.ts";
import { formatCount } from "../../format/number-format.ts";
import {
  type ClassScores,
  frequentMistakes,
  type Mistake,
} from "../../train/metrics/classification.ts";
import type { Predictions } from "../../train/metrics/predictions.ts";
import { countOf, lossOf, NONE, percent, points } from "../story/numbers.ts";
import { type Block, chapter, columns, type Scores, type Strips, text } from "../story/story.ts";
import { rowBars, rowFile, rowName, rowStrip, stripWidth } from "./row-pictures.ts";
import type { RunFigures } from "./run-figures.ts";

/** Pictures of a report, by what they show. */
export const RUN_PICTURES = {
  curves: "curves.svg",
  counts: "confusion-counts.svg",
  rows: "confusion-rows.svg",
  columns: "confusion-columns.svg",
  classes: "classes.svg",
  reliability: "reliability.svg",
} as const;

export const GALLERY_ROWS = 24;
const FREQUENT_MISTAKES = 8;
const STRIP_PLACES = 12;

export function scoreCards({ scores, interval, loss, calibration }: RunFigures): Scores {
  const [low, high] = interval;
  const { expectedError, meanConfidence } = calibration;
  return {
    kind: "scores",
    items: [
      {
        name: "accuracy",
        value: percent(scores.accuracy),
        detail: `${formatCount(scores.hits)} of ${countOf(scores.rows, "test row")}; 95 % interval ${(100 * low).toFixed(1)} to ${percent(high, 1)}`,
      },
      {
        name: "macro F1",
        value: scores.macro.f1.toFixed(4),
        detail: `every class alike; weighted by support ${scores.weighted.f1.toFixed(4)}`,
      },
      { name: "loss", value: lossOf(loss), detail: "mean cross-entropy of the test rows" },
      {
        name: "calibration error",
        value: percent(expectedError),
        detail: `mean confidence ${percent(meanConfidence, 1)}, ${meanConfidence > scores.accuracy ? "more" : "less"} than it is right`,
      },
    ],
  };
}

export function confusionChapter(
  { confusion, scores }: RunFigures,
  classNames: readonly string[],
  test: Dataset,
): Block[] {
  const figure = (file: string, what: string): Block => ({
    kind: "figure",
    file,
    alt: `Confusion matrix, ${what}: true classes in rows, predicted ones in columns`,
  });
  const mistakes = frequentMistakes(confusion, FREQUENT_MISTAKES);
  const [first] = mistakes;
  const told = first
    ? `Most often, **${nameOf(classNames, first.label)}** is taken for **${nameOf(classNames, first.predicted)}**: ${formatCount(first.count)} times, ${percent(first.share, 1)} of the class.`
    : "Not one row is taken for another class.";
  return [
    chapter("confusion", "Confusion"),
    text(
      `Rows are what the images are, columns what they are taken for, ${countOf(scores.rows, "image")} in all. ${told}`,
    ),
    {
      kind: "tabs",
      label: "Cells of the confusion matrix",
      items: [
        { title: "images", blocks: [figure(RUN_PICTURES.counts, "counts")] },
        { title: "share of the true class", blocks: [figure(RUN_PICTURES.rows, "by row")] },
        {
          title: "share of the predicted class",
          blocks: [figure(RUN_PICTURES.columns, "by column")],
        },
      ],
    },
    ...(first
      ? [
          {
            kind: "strips" as const,
            isGrey: test.channels === 1,
            items: mistakes.map((mistake) => stripOf(mistake, classNames, test)),
            caption:
              "The most frequent mistakes, with those rows of each that the network is surest of.",
          },
        ]
      : []),
  ];
}

function stripOf(
  { label, predicted, count, share }: Mistake,
  classNames: readonly string[],
  test: Dataset,
): Strips["items"][number] {
  const [truth, guess] = [nameOf(classNames, label), nameOf(classNames, predicted)];
  return {
    file: mistakeFile({ label, predicted }),
    alt: `${truth}, taken for ${guess}`,
    title: `${truth} → ${guess}`,
    detail: `${formatCount(count)} times, ${percent(share, 1)} of the class`,
    width: stripWidth(test, STRIP_PLACES),
  };
}

/** What stories call the strip of a mistake. */
function mistakeFile({ label, predicted }: Pick<Mistake, "label" | "predicted">): string {
  return `mistake-${label}-${predicted}.png`;
}

/** The strips of the most frequent mistakes by their file. */
export function mistakeStrips(
  { confusion, mistakes }: RunFigures,
  { labels, predicted }: Predictions,
  test: Dataset,
): readonly (readonly [file: string, png: Uint8Array])[] {
  return frequentMistakes(confusion, FREQUENT_MISTAKES).map((mistake) => {
    const rows = mistakes.filter(
      (row) => labels[row] === mistake.label && predicted[row] === mistake.predicted,
    );
    return [mistakeFile(mistake), rowStrip(test, rows.slice(0, STRIP_PLACES), STRIP_PLACES)];
  });
}

export function classesChapter({ scores }: RunFigures, classNames: readonly string[]): Block[] {
  const { classes, macro, weighted, accuracy, rows } = scores;
  const averages = { "macro average": macro, "weighted average": weighted };
  return [
    chapter("classes", "Class by class"),
    text(
      "**Precision** is the share of the rows taken for a class that are of it, **recall** the share of the class's rows that are taken for it, **F1** their harmonic mean, **support** the number of the class's rows.",
    ),
    {
      kind: "figure",
      file: RUN_PICTURES.classes,
      alt: "Precision and recall of every class, as two dots on a line",
    },
    {
      kind: "table",
      columns: columns("class", "precision", "recall", "F1", "support"),
      rows: [
        ...classes.map((scored, label) => ({
          cells: [nameOf(classNames, label), ...figuresOf(scored), formatCount(scored.support)],
        })),
        { cells: ["accuracy", "", "", four(accuracy), formatCount(rows)], strong: true },
        ...Object.entries(averages).map(([name, { precision, recall, f1 }]) => ({
          cells: [name, four(precision), four(recall), four(f1), formatCount(rows)],
          strong: true,
        })),
      ],
      caption:
        "As scikit-learn's classification_report, with more digits: what is divided by nothing counts as 0 in the averages, and a class that occurs neither as label nor as prediction in none.",
    },
  ];
}

function figuresOf({ precision, recall, f1 }: ClassScores): string[] {
  return [precision, recall, f1].map((value) => (value === null ? NONE : four(value)));
}

function four(value: number): string {
  return value.toFixed(4);
}

export function calibrationChapter({ calibration, brier, loss }: RunFigures): Block[] {
  const { bins, expectedError, maximumError, meanConfidence, accuracy } = calibration;
  const lean =
    meanConfidence > accuracy
      ? `On average it is surer than right: ${percent(meanConfidence)} confident, ${percent(accuracy)} right.`
      : `On average it is more often right than sure: ${percent(meanConfidence)} confident, ${percent(accuracy)} right.`;
  return [
    chapter("calibration", "Calibration"),
    text(
      `Of the rows to which the network gives its class with 80 %, 80 % should be right. ${lean} The expected calibration error is **${percent(expectedError)}**, over ${bins.length} bins of equal width (Guo et al. 2017); the worst bin is off by ${points(maximumError)}. Brier score ${brier.toFixed(4)}, log loss ${lossOf(loss)}.`,
    ),
    {
      kind: "figure",
      file: RUN_PICTURES.reliability,
      alt: "Reliability diagram: accuracy against confidence, bin by bin, and how many rows each bin has",
      caption:
        "Above, each bin's accuracy, and its gap to the mean confidence of the bin's rows; on the dashed line both are equal. Below, the share of the rows that each bin has: a gap over few rows says little.",
    },
    {
      kind: "details",
      summary: "Every bin in figures",
      blocks: [
        {
          kind: "table",
          columns: columns("confidence", "rows", "mean confidence", "accuracy", "gap"),
          rows: bins.map(({ from, to, rows, confidence, accuracy: share }) => ({
            cells: [
              `${(100 * from).toFixed(1)} to ${percent(to, 1)}`,
              formatCount(rows),
              confidence === null ? NONE : percent(confidence, 1),
              share === null ? NONE : percent(share, 1),
              confidence === null || share === null ? NONE : signed(share - confidence),
            ],
          })),
          caption: "The upper edge belongs to a bin, the lower one to the bin below.",
        },
      ],
    },
  ];
}

/** `−3.1 points`, with a true minus. */
export function signed(difference: number): string {
  const value = (100 * Math.abs(difference)).toFixed(1);
  return `${difference < 0 ? "−" : "+"}${value}`;
}

export interface MistakesView {
  readonly figures: RunFigures;
  readonly predictions: Predictions;
  readonly classNames: readonly string[];
  readonly isGrey: boolean;
}

export function mistakesChapter({
  figures,
  predictions,
  classNames,
  isGrey,
}: MistakesView): Block[] {
  const { mistakes } = figures;
  const { labels, predicted } = predictions;
  if (mistakes.length === 0) return [];
  const shown = mistakes.slice(0, GALLERY_ROWS);
  const few =
    shown.length < mistakes.length ? `the ${shown.length} it is surest of` : "all of them";
  return [
    chapter("mistakes", "Surest mistakes"),
    text(
      `The network is wrong about ${formatCount(mistakes.length)} of the ${countOf(predicted.length, "test row")}. Below are ${few}: pictures that look like another class, labels that one may doubt, and errors that are plainly the network's own.`,
    ),
    {
      kind: "gallery",
      isGrey,
      items: shown.map((row) => {
        const truth = nameOf(classNames, labels[row] ?? 0);
        const guess = nameOf(classNames, predicted[row] ?? 0);
        return {
          file: rowFile(row),
          alt: `Test ${rowName(row)}, labelled ${truth}, taken for ${guess}`,
          title: truth,
          details: [`taken for ${guess}`, rowName(row)],
          bars: rowBars(predictions, row, { classNames, most: 3 }),
        };
      }),
      caption:
        "Above each picture's bars, the class that the data set gives it. Bars are probabilities: green the true class, orange the mistake. Rows are counted from 0, after duplicates were dropped.",
    },
  ];
}

export function nameOf(classNames: readonly string[], label: number): string {
  return classNames[label] ?? String(label);
}
