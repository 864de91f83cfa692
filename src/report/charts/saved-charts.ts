// The pictures that go into the folders of runs and cross-validations, beside the figures that they show.

import { join } from "node:path";
import { writeAtomically } from "../../io/files.ts";
import { historyRow } from "../../runs/history.ts";
import type { SavedFold } from "../../runs/kfold-folder.ts";
import type { Logs } from "../../train/callbacks/callback.ts";
import { confusionSvg } from "./confusion-chart.ts";
import { foldCurvesSvg } from "./fold-curves-chart.ts";
import { foldsSvg } from "./folds-chart.ts";
import { curvesSvg } from "./run-charts.ts";

export interface RunFigures {
  readonly history: readonly Logs[];
  /** Of the test rows, where they were scored. */
  readonly confusion: readonly (readonly number[])[] | null;
  readonly classNames: readonly string[];
}

/** curves.svg, and confusion.svg where there is one; nothing for a run without an epoch. */
export async function drawRun(
  out: string,
  { history, confusion, classNames }: RunFigures,
): Promise<void> {
  if (history.length === 0) return;
  await writeAtomically(join(out, "curves.svg"), await curvesSvg(history.map(historyRow)));
  if (!confusion) return;
  await writeAtomically(join(out, "confusion.svg"), await confusionSvg(confusion, classNames));
}

/** folds.svg, and curves.svg with what led to the scores. */
export async function drawFolds(out: string, folds: readonly SavedFold[]): Promise<void> {
  await writeAtomically(join(out, "folds.svg"), await foldsSvg(folds));
  await writeAtomically(join(out, "curves.svg"), await foldCurvesSvg(folds));
}
