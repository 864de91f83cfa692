// What `kfold` says of folds: one line for each that is finished, and a table of all with mean and deviation.

import type { ScoreSpread } from "../../runs/kfold-folder.ts";
import { summarise } from "../../runs/kfold-folder.ts";
import type { FoldResult } from "../../train/cross-validation.ts";
import type { Score } from "../../train/score.ts";

/** `fold 2     held-out loss 0.2876  accuracy 90.12 %   test …`, of what was scored. */
export function foldLine(result: FoldResult): string {
  const { fold, heldOut, test, leaked } = result;
  const parts = [
    scoreText("held-out", heldOut),
    ...(test ? [scoreText("test", test)] : []),
    ...(leaked ? [scoreText("leaked", leaked)] : []),
  ];
  return `fold ${String(fold + 1).padEnd(6)}${parts.join("   ")}`;
}

function scoreText(name: string, { loss, accuracy }: Score): string {
  return `${name} loss ${loss.toFixed(4)}  accuracy ${percent(accuracy)}`;
}

/** A line a fold, with the epoch that was kept of those that ran, and mean ± deviation below; columns of the scores that there are. */
export function foldTable(folds: readonly FoldResult[]): string[] {
  const summary = summarise(folds);
  const kinds = (["heldOut", "test", "leaked"] as const).filter((kind) => summary[kind] !== null);
  const titles = { heldOut: "held-out", test: "test", leaked: "leaked" };
  const scored = kinds.flatMap((kind) => [`${titles[kind]} loss`, "accuracy"]);
  const header = ["fold", "epoch", ...scored];
  const rows = folds.map((fold) => [
    String(fold.fold + 1),
    `${fold.bestEpoch}/${fold.epochs}`,
    ...kinds.flatMap((kind) => scoreCells(fold[kind])),
  ]);
  const means = ["mean", "", ...kinds.flatMap((kind) => spreadCells(summary[kind], "mean"))];
  const spreads = ["±", "", ...kinds.flatMap((kind) => spreadCells(summary[kind], "deviation"))];
  return align([header, ...rows, means, spreads]);
}

function scoreCells(score: Score | null): string[] {
  return score ? [score.loss.toFixed(4), percent(score.accuracy)] : ["", ""];
}

function spreadCells(spread: ScoreSpread | null, which: "mean" | "deviation"): string[] {
  return spread ? [spread.loss[which].toFixed(4), percent(spread.accuracy[which])] : ["", ""];
}

/** The first column flush left, the others right. */
function align(rows: readonly (readonly string[])[]): string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
