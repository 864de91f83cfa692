// Scores weights on the three sets of rows that every model of the study is scored on.

import { join } from "node:path";
import { firstRows } from "../data/dataset.ts";
import type { Weights } from "../engine/layers/variables.ts";
import { writeAtomically } from "../io/files.ts";
import { createModel, type ModelConfig } from "../models/models.ts";
import { confusionSvg } from "../report/charts/confusion-chart.ts";
import type { EvaluationLook, ThreeFigures } from "../report/story/study-record.ts";
import { loadRun } from "../runs/run-folder.ts";
import type { DeviceData } from "../train/device-data.ts";
import { type Evaluation, evaluatorOf } from "../train/evaluator.ts";
import { type Score, scoreOf } from "../train/score.ts";
import type { StudyContext } from "./context.ts";

export interface Candidate {
  readonly model: ModelConfig;
  readonly weights: Weights;
}

/** `run` is the folder of the trained model, `checkpoint` the best trial's weights as the tuner left them. */
export async function evaluationStep(
  context: StudyContext,
  { run, checkpoint }: { readonly run: string; readonly checkpoint: Candidate },
  folder: string,
): Promise<EvaluationLook> {
  const { config, weights } = await loadRun(run);
  const { figures, confusion } = await score(context, { model: config.model, weights });
  const svg = await confusionSvg(confusion, config.classNames);
  await writeAtomically(join(folder, "confusion.svg"), svg);
  sayFigures(context, "trained network", figures);
  const before = await score(context, checkpoint);
  sayFigures(context, "tuner's checkpoint", before.figures);
  return { model: figures, checkpoint: before.figures, confusion };
}

function sayFigures(
  { screen }: StudyContext,
  what: string,
  { heldOut, test, leaked }: ThreeFigures,
): void {
  const shown = ({ accuracy }: Score): string => `${(100 * accuracy).toFixed(2)} %`;
  screen.say(`${what}: test ${shown(test)}, held-out ${shown(heldOut)}, leaked ${shown(leaked)}`);
}

interface Scored {
  readonly figures: ThreeFigures;
  /** Of the test set. */
  readonly confusion: Evaluation["confusion"];
}

async function score(context: StudyContext, { model, weights }: Candidate): Promise<Scored> {
  const { bench, rows, signal } = context;
  const { device, train, test } = await bench.equipment();
  const scope = device.scope();
  try {
    const evaluator = evaluatorOf(scope, createModel(model), weights);
    const on = async (data: DeviceData, which: Uint32Array<ArrayBuffer>): Promise<Evaluation> => {
      signal.throwIfAborted();
      return evaluator.evaluate(data, which);
    };
    const heldOut = scoreOf(await on(train, rows.heldOut));
    const onTest = await on(test, firstRows(test.rows));
    const leaked = scoreOf(await on(train, rows.all));
    const figures = { heldOut, test: scoreOf(onTest), leaked };
    return { figures, confusion: onTest.confusion };
  } finally {
    scope.destroy();
  }
}
