// The end of the study's report: the three figures of every model beside what the study printed, and the argument about
// the study's third one.

import { formatCount } from "../io/number-format.ts";
import { type Block, chapter, columns, part, type Row, text } from "./story.ts";
import {
  average,
  leakSum,
  NONE,
  percent,
  percentSpread,
  points,
  takeApart,
} from "./study-numbers.ts";
import {
  LEAKED_HITS,
  PRINTED_FOLDS,
  PRINTED_MODELS,
  PRINTED_ROWS,
  PRINTED_TRAIN_ACCURACY,
  PRINTED_TUNER,
} from "./study-printed.ts";
import type { FoldLook, StudyRecord, ThreeFigures } from "./study-record.ts";

const NEVER = "never scored";

export function conclusionChapter(record: StudyRecord): Block[] {
  return [
    chapter("conclusion", "8. Conclusion"),
    text(
      "Accuracy of every model, in the order of what a figure is worth, and beside each of ours the one that the study printed.",
    ),
    {
      kind: "table",
      columns: columns(
        "model",
        `test (${formatCount(record.data.kept.test)})`,
        "study: test",
        "held-out",
        "study: held-out",
        "leaked protocol",
        "study: leaked, printed as test",
      ),
      rows: concludingRows(record),
    },
    part("Why the leaked figure is not a test score"),
    text(whyNotTest(record)),
    part("What it does to the 94 % of the folds"),
    text(whyNot94(record)),
    part("What is sound"),
    text(
      "On held-out rows the study's own logs say LeNet-5 90 %, VGG19 87 %, ResNet152V2 80 %. Its conclusion, VGG19 before LeNet-5 before ResNet152V2, ranks how well each network remembers. What stands is the method: a small network made for small pictures, tuned on rows that it does not learn from, is the best of the three here, and its honest accuracy is that of the first column.",
    ),
  ];
}

function concludingRows(record: StudyRecord): Row[] {
  return concludingLines(record).map(({ title, ours, study, strong }) => ({
    cells: [title, ...ours.flatMap((cell, i) => [cell, study[i] ?? NONE])],
    strong,
  }));
}

/** The table for a terminal: two lines a model, ours and the study's. */
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

/** Figures in the order test, held-out, leaked. */
interface ConcludingLine {
  readonly title: string;
  readonly ours: readonly string[];
  readonly study: readonly string[];
  readonly strong: boolean;
}

function concludingLines({ evaluation, folds, transfer }: StudyRecord): ConcludingLine[] {
  const { lenet5 } = PRINTED_MODELS;
  return [
    modelLine("LeNet-5, tuned and trained", evaluation.model, {
      heldOut: percent(lenet5.valAccuracy),
      leaked: "not printed",
      strong: true,
    }),
    modelLine("LeNet-5, the tuner's checkpoint", evaluation.checkpoint, {
      heldOut: percent(PRINTED_TUNER.bestValAccuracy),
      leaked: percent(lenet5.leaked.accuracy),
    }),
    foldsLine(folds.folds),
    ...transfer.map(({ name, title, figures }) => {
      const printed = name === "vgg19" || name === "resnet152v2" ? PRINTED_MODELS[name] : null;
      return modelLine(title, figures, {
        heldOut: printed ? percent(printed.valAccuracy) : NONE,
        leaked: printed ? percent(printed.leaked.accuracy) : NONE,
      });
    }),
  ];
}

interface Printed {
  readonly heldOut: string;
  readonly leaked: string;
  readonly strong?: boolean;
}

function modelLine(
  title: string,
  figures: ThreeFigures | null,
  { heldOut, leaked, strong = false }: Printed,
): ConcludingLine {
  const scores = [figures?.test, figures?.heldOut, figures?.leaked];
  const ours = scores.map((score) => (score ? percent(score.accuracy) : "skipped"));
  return { title, ours, study: [NEVER, heldOut, leaked], strong };
}

function foldsLine(folds: readonly FoldLook[]): ConcludingLine {
  const kinds = ["test", "heldOut", "leaked"] as const;
  return {
    title: `LeNet-5, ${folds.length} folds`,
    ours: kinds.map((kind) => percentSpread(folds.map((fold) => fold[kind].accuracy))),
    study: [NEVER, "not printed", percentSpread(PRINTED_FOLDS.accuracy)],
    strong: false,
  };
}

function whyNotTest({ evaluation, split }: StudyRecord): string {
  const { test, leaked } = evaluation.model;
  const share = percent(split.trainRows / leaked.rows, 0);
  const { cleaned, trained } = PRINTED_ROWS;
  return [
    `Keras prints accuracy as hits by rows, and all eight of the study's “test” accuracies are fractions of ${formatCount(cleaned)}: ${percent(PRINTED_MODELS.lenet5.leaked.accuracy, 3)} is ${formatCount(LEAKED_HITS.lenet5)} rows of ${formatCount(cleaned)}, which is the number of its training rows after cleaning; the test file has 10,000 and was never scored.`,
    `Of those rows the networks had been trained on ${formatCount(trained)}, 95 %, and a network that is asked about pictures that it has learnt gives back what it was taught.`,
    `Repeated here, with ${share} of the rows trained on, the tuned network gets ${percent(leaked.accuracy)}; on ${formatCount(test.rows)} pictures that it never met it gets ${percent(test.accuracy)}.`,
    `The ${points(leaked.accuracy - test.accuracy)} between them say how much it remembers, and nothing about the next picture.`,
  ].join(" ");
}

function whyNot94({ folds: { folds } }: StudyRecord): string {
  const heldOut = average(folds.map((fold) => fold.heldOut.accuracy));
  const leaked = {
    loss: average(folds.map((fold) => fold.leaked.loss)),
    accuracy: average(folds.map((fold) => fold.leaked.accuracy)),
    rows: folds[0]?.leaked.rows ?? 0,
  };
  const ours = takeApart(average(folds.map(({ trainRows }) => trainRows)), leaked, heldOut);
  const theirs = PRINTED_FOLDS.accuracy.map((accuracy) => {
    const score = { loss: 0, accuracy, rows: PRINTED_ROWS.cleaned };
    return takeApart((PRINTED_ROWS.trained * 4) / 5, score, 0.9).trained;
  });
  return [
    `The study's folds were scored on the same ${formatCount(PRINTED_ROWS.cleaned)} rows, whatever the fold. A fold trains on four fifths of ${formatCount(PRINTED_ROWS.trained)} rows, which is 76 % of the rows scored, so that its figure is 0.76 × training accuracy + 0.24 × held-out accuracy.`,
    `With 90 % for the held-out part, the five printed figures give training accuracies from ${percent(Math.min(...theirs), 1)} to ${percent(Math.max(...theirs), 1)}: just what the study's log shows for LeNet-5 when its training stopped, ${percent(PRINTED_TRAIN_ACCURACY, 1)}.`,
    `Ours come about in the same way: ${leakSum(ours)}.`,
    `So the 94 % say that the folds remember three quarters of the rows well; as a forecast for new pictures cross-validation says ${percent(heldOut, 1)} here, and the test set ${percent(average(folds.map(({ test }) => test.accuracy)), 1)}.`,
  ].join(" ");
}
