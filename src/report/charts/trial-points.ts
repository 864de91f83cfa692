// Trials as the pictures of a search draw them: those that were scored, and which of them are best.

import { isScored, type Objective, rankTrials, type Trial } from "../../tune/trial.ts";

export interface Point {
  readonly number: number;
  readonly score: number;
  /** Also of a trial that ties with the first best. */
  readonly isBest: boolean;
  readonly values: Trial["values"];
}

export function pointsOf(trials: readonly Trial[], objective: Objective): Point[] {
  const best = rankTrials(trials, objective)[0]?.score;
  return trials.filter(isScored).map(({ id, score, values }) => {
    return { number: Number(id), score, isBest: score === best, values };
  });
}

export function scoreText(score: number, { name }: Objective): string {
  return isShare(name) ? `${(100 * score).toFixed(2)}%` : score.toPrecision(4);
}

export function isShare(name: string): boolean {
  return name.endsWith("accuracy");
}
