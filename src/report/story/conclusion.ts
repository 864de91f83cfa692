// The end of the study's report: the three figures of every model beside what the study printed, and the argument about
// the study's third one.

import { formatCount } from "../../format/number-format.ts";
import { concludingLines } from "./comparison.ts";
import { average, leakSum, NONE, percent, points, STUDY_PICTURES, takeApart } from "./numbers.ts";
import {
  LEAKED_HITS,
  PRINTED_FOLDS,
  PRINTED_MODELS,
  PRINTED_ROWS,
  PRINTED_TRAIN_ACCURACY,
} from "./printed.ts";
import { type Block, chapter, columns, part, text } from "./story.ts";
import type { StudyRecord } from "./study-record.ts";

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
      rows: concludingLines(record).map(({ title, ours, study }, i) => ({
        cells: [title, ...ours.flatMap((cell, k) => [cell, study[k] ?? NONE])],
        strong: i === 0,
      })),
      caption:
        "The study's held-out figures are those of the last epoch. Its folds, and what it called test, were scored on all training rows.",
    },
    {
      kind: "figure",
      file: STUDY_PICTURES.comparison,
      alt: "Test, held-out and leaked accuracy of every model: the leaked figure lies to the right of the honest ones in each of them",
    },
    part("Why the leaked figure is not a test score"),
    text(whyNotTest(record)),
    part("What it does to the 94 % of the folds"),
    text(whyNot94(record)),
    part("What is sound"),
    text(
      "On held-out rows the study's own logs say LeNet-5 90 %, VGG19 87 %, ResNet152V2 80 %. Its conclusion, VGG19 before LeNet-5 before ResNet152V2, ranks how well the networks remember. Turned the right way round it stands: on pictures of 28 × 28 pixels a small network that is made and tuned for them does better than two large ones that were made for others and are not trained any further.",
    ),
  ];
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
