// Numbers as the report of a study writes them, the sums behind its argument, and where its pictures lie. No prose.

import { formatCount } from "../../format/number-format.ts";
import { spread } from "../../train/cross-validation.ts";
import type { Score } from "../../train/score.ts";
import type { Scores } from "./story.ts";
import type { ThreeFigures } from "./study-record.ts";

/** Keeps a number and its unit on one line. */
const NO_BREAK = "\u00a0";

/** Pictures by what they show, relative to the study's folder. */
export const STUDY_PICTURES = {
  classes: "01-data/classes.svg",
  samples: "01-data/samples.svg",
  trials: "03-tuner/trials.svg",
  curves: "04-training/curves.svg",
  confusion: "05-evaluation/confusion.svg",
  foldCurves: "06-folds/curves.svg",
  folds: "06-folds/folds.svg",
  comparison: "08-report/figures.svg",
} as const;

export const NONE = "–";

/** `90.36 %` */
export function percent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)}${NO_BREAK}%`;
}

/** `97.3 %` of a probability; `> 99.9 %` or `< 0.1 %` where rounding would make it a certainty. */
export function sureShare(share: number): string {
  if (share < 1 && share >= 0.9995) return `>${NO_BREAK}${percent(0.999, 1)}`;
  if (share > 0 && share < 0.0005) return `<${NO_BREAK}${percent(0.001, 1)}`;
  return percent(share, 1);
}

/** `1 test row`, `10,000 test rows` */
export function countOf(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** `3.9 points`, of a difference of shares. */
export function points(difference: number): string {
  return `${(100 * difference).toFixed(1)}${NO_BREAK}points`;
}

export function lossOf(value: number): string {
  return value.toFixed(4);
}

export function average(values: readonly number[]): number {
  return spread(values).mean;
}

/** `90.21 ± 0.24 %` */
export function percentSpread(shares: readonly number[]): string {
  const { mean, deviation } = spread(shares);
  return `${(100 * mean).toFixed(2)} ± ${(100 * deviation).toFixed(2)}${NO_BREAK}%`;
}

export function figureCards({ heldOut, test, leaked }: ThreeFigures): Scores {
  return {
    kind: "scores",
    items: [
      {
        name: "test",
        value: percent(test.accuracy),
        detail: `of ${formatCount(test.rows)} images that no choice has seen`,
      },
      {
        name: "held-out",
        value: percent(heldOut.accuracy),
        detail: `of ${formatCount(heldOut.rows)} rows that chose epoch and hyper-parameters`,
      },
      {
        name: "study's leaked protocol",
        value: percent(leaked.accuracy),
        detail: `of all ${formatCount(leaked.rows)} training rows: not a test score`,
        doubtful: true,
      },
    ],
  };
}

/** A leaked score taken apart: rows seen in training, and rows that were not. */
export interface Leak {
  /** Of the rows scored, the share that was trained on. */
  readonly seen: number;
  readonly leaked: number;
  readonly heldOut: number;
  /** Accuracy on the rows trained on, as it follows from the others: leaked = seen × it + (1 − seen) × heldOut. */
  readonly trained: number;
}

export function takeApart(trainRows: number, leaked: Score, heldOut: number): Leak {
  const seen = trainRows / leaked.rows;
  const trained = (leaked.accuracy - (1 - seen) * heldOut) / seen;
  return { seen, leaked: leaked.accuracy, heldOut, trained };
}

/** `0.76 × 95.6 % + 0.24 × 90.1 % = 94.3 %` */
export function leakSum({ seen, leaked, heldOut, trained }: Leak): string {
  const parts = [
    `${seen.toFixed(2)} × ${percent(trained, 1)}`,
    `${(1 - seen).toFixed(2)} × ${percent(heldOut, 1)}`,
  ];
  return `${parts.join(" + ")} = ${percent(leaked, 1)}`;
}
