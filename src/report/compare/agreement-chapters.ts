// Where runs say the same and where they do not: the chapters on agreement and on the rows that are disputed.

import type { Dataset } from "../../data/dataset.ts";
import { formatCount } from "../../format/number-format.ts";
import { nameOf } from "../run/chapters.ts";
import { rowFile, rowName, rowPicture } from "../run/row-pictures.ts";
import type { RunFigures } from "../run/run-figures.ts";
import { lossOf, percent } from "../story/numbers.ts";
import { type Bar, type Block, chapter, text } from "../story/story.ts";
import type { ComparedRun, Comparison } from "./compare-figures.ts";

const GALLERY_ROWS = 24;

/** The picture of the chapter on agreement. */
export const AGREEMENT_PICTURE = "agreement.svg";

export function agreementChapter({
  runs,
  best,
  agreement,
  disputed,
  ensemble,
}: Comparison): Block[] {
  const rows = runs[0].predictions.predicted.length;
  const kappa = runs.length === 2 ? agreement[0]?.[1] : undefined;
  const pair = kappa
    ? ` That is ${percent(kappa.share, 1)} agreement, κ ${kappa.kappa === null ? "undefined" : kappa.kappa.toFixed(3)}.`
    : "";
  return [
    chapter("agreement", "Agreement"),
    text(
      `${runs.length === 2 ? "Both" : "All"} take ${formatCount(rows - disputed.length)} of the ${formatCount(rows)} rows for the same class, right or wrong, and dispute ${formatCount(disputed.length)}.${pair}`,
    ),
    text(
      `Networks that are right about different rows may help one another. **The mean of their probabilities** is right about ${percent(ensemble.scores.accuracy)} of the rows, ${gainOf(ensemble, best)}; its loss is ${lossOf(ensemble.loss)}, against ${lossOf(best.figures.loss)}.`,
    ),
    {
      kind: "figure",
      file: AGREEMENT_PICTURE,
      alt: "Share of rows that each pair of runs takes for the same class",
      caption:
        "Cohen's kappa is the agreement beyond what the runs' frequencies of classes would give by chance: 1 for networks that always agree, 0 for chance.",
    },
  ];
}

function gainOf({ scores }: RunFigures, { name, figures }: ComparedRun): string {
  const gain = scores.hits - figures.scores.hits;
  if (gain === 0) return `as many as ${name} alone`;
  return `${formatCount(Math.abs(gain))} ${gain > 0 ? "more" : "fewer"} than ${name} alone`;
}

/** The pictures of the gallery, by their file. */
export function disputedPictures(
  { disputed }: Comparison,
  test: Dataset,
): readonly (readonly [file: string, png: Uint8Array])[] {
  return disputed.slice(0, GALLERY_ROWS).map(({ row }) => [rowFile(row), rowPicture(test, row)]);
}

export function disputedChapter(
  comparison: Comparison,
  classNames: readonly string[],
  test: Dataset,
): Block[] {
  const { runs, disputed } = comparison;
  if (disputed.length === 0) return [];
  const shown = disputed.slice(0, GALLERY_ROWS);
  const bar = ({ letter, predictions }: ComparedRun, row: number): Bar => {
    const guess = predictions.predicted[row] ?? 0;
    return {
      label: `${letter}: ${nameOf(classNames, guess)}`,
      share: predictions.confidences[row] ?? 0,
      mark: guess === predictions.labels[row] ? "right" : "wrong",
    };
  };
  return [
    chapter("disputed", "Where they disagree"),
    text(
      `${shown.length < disputed.length ? `The ${shown.length} sharpest of ${formatCount(disputed.length)} disputed rows` : `All ${formatCount(disputed.length)} disputed rows, the sharpest first`}: those where two runs contradict one another and the less sure of the two is surest.`,
    ),
    {
      kind: "gallery",
      isGrey: test.channels === 1,
      items: shown.map(({ row }) => {
        const truth = nameOf(classNames, runs[0].predictions.labels[row] ?? 0);
        return {
          file: rowFile(row),
          alt: `Test ${rowName(row)}, labelled ${truth}`,
          title: truth,
          details: [rowName(row)],
          bars: runs.map((run) => bar(run, row)),
        };
      }),
      caption: `Beside each picture, the class that the data set gives it; below, what each run takes it for, with its probability: green where it is right. ${runs.map(({ name }) => name).join("; ")}.`,
    },
  ];
}
