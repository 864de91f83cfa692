// How alike two networks judge the same rows: who is right where, how often they say the same, and where they do not.

import type { PairedCounts } from "./mcnemar.ts";
import { isRight, type Predictions } from "./predictions.ts";

/** How often both, one or neither of two networks is right on the same rows; for mcnemarTest. */
export function pairedCounts(first: Predictions, second: Predictions): PairedCounts {
  const counts = { bothRight: 0, onlyFirst: 0, onlySecond: 0, bothWrong: 0 };
  for (const row of first.predicted.keys()) {
    const [one, other] = [isRight(first, row), isRight(second, row)];
    if (one) counts[other ? "bothRight" : "onlyFirst"]++;
    else counts[other ? "onlySecond" : "bothWrong"]++;
  }
  return counts;
}

export interface Agreement {
  /** Share of the rows that both take for the same class, right or wrong. */
  readonly share: number;
  /**
   * Cohen's kappa: (share − chance) / (1 − chance), where chance is the share that two networks with these frequencies of
   * classes would agree on by accident. 1 for networks that always agree; null where both name one class only.
   * Source: Cohen 1960, A Coefficient of Agreement for Nominal Scales.
   */
  readonly kappa: number | null;
}

export function agreementOf(first: Predictions, second: Predictions, classes: number): Agreement {
  const rows = first.predicted.length;
  const [ofFirst, ofSecond] = [first, second].map(({ predicted }) => {
    const counts = new Array<number>(classes).fill(0);
    for (const guess of predicted) counts[guess] = (counts[guess] ?? 0) + 1;
    return counts;
  });
  let same = 0;
  for (const [row, guess] of first.predicted.entries()) {
    same += Number(guess === second.predicted[row]);
  }
  const share = same / rows;
  const products = (ofFirst ?? []).map((count, label) => count * (ofSecond?.[label] ?? 0));
  const chance = products.reduce((a, b) => a + b, 0) / rows ** 2;
  return { share, kappa: chance === 1 ? null : (share - chance) / (1 - chance) };
}

/** A row that not all take for the same class. */
export interface Disagreement {
  readonly row: number;
  /** Of the two surest networks that contradict one another, the less sure one's confidence. */
  readonly conflict: number;
}

/** All of them, the sharpest conflict first; of equal ones the earlier row. */
export function disagreements(all: readonly Predictions[]): readonly Disagreement[] {
  const [first] = all;
  const rows = first?.predicted.length ?? 0;
  const found: Disagreement[] = [];
  for (let row = 0; row < rows; row++) {
    const guess = first?.predicted[row];
    if (all.every(({ predicted }) => predicted[row] === guess)) continue;
    found.push({ row, conflict: conflictOf(all, row) });
  }
  return found.sort((a, b) => b.conflict - a.conflict || a.row - b.row);
}

function conflictOf(all: readonly Predictions[], row: number): number {
  const pairs = all.flatMap((one, i) => {
    const others = all.slice(i + 1).filter((other) => other.predicted[row] !== one.predicted[row]);
    return others.map((other) => Math.min(one.confidences[row] ?? 0, other.confidences[row] ?? 0));
  });
  return Math.max(...pairs);
}
