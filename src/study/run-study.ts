// The study from beginning to end: its steps in order, each kept when an earlier run has done it, and the report.

import { STUDY_FORMAT, type StudyRecord } from "../report/story/study-record.ts";
import { limitedData, type StudyContext, splitRows, Workbench } from "./context.ts";
import { lookStep, splitStep } from "./data-steps.ts";
import { evaluationStep } from "./evaluation-step.ts";
import { foldsStep } from "./folds-step.ts";
import { partCommands } from "./part-commands.ts";
import { StepRunner } from "./step-runner.ts";
import type { StudyOptions } from "./study-options.ts";
import { trainingStep } from "./training-step.ts";
import { transferModels } from "./transfer-model.ts";
import { transferStep } from "./transfer-step.ts";
import { loadTuned, tunerStep } from "./tuner-step.ts";
import { type WrittenReport, writeReport, writtenReport } from "./write-report.ts";

export interface StudyOutcome {
  readonly record: StudyRecord;
  readonly report: WrittenReport;
}

/** Throws the signal's reason when it is interrupted. */
export async function runStudy(options: StudyOptions): Promise<StudyOutcome> {
  const { store, found, screen, signal, command } = options;
  const { settings } = store;
  const data = limitedData(options.clean, settings);
  const bench = new Workbench(data, options.openDevice);
  const rows = splitRows(data, settings);
  const context: StudyContext = { settings, store, data, rows, bench, screen, signal };
  const steps = new StepRunner(context);

  // The look is at all rows, whatever part of them the study then uses.
  const whole = { ...context, data: options.clean };
  const look = await steps.run("01-data", (folder) => lookStep(whole, found, folder));
  const split = await steps.run("02-split", async () => splitStep(context));
  const tuner = await steps.runTimed("03-tuner", (folder) => tunerStep(context, folder));
  const { plan, weights } = await loadTuned(store.folder("03-tuner"));
  const training = await steps.run("04-training", (folder) => trainingStep(context, plan, folder));
  const evaluation = await steps.run("05-evaluation", async (folder) => {
    const checkpoint = { model: plan.model, weights };
    return evaluationStep(context, { run: store.folder("04-training"), checkpoint }, folder);
  });
  const folds = await steps.runTimed("06-folds", (folder) => foldsStep(context, plan, folder));
  steps.announce("07-transfer");
  const transfer = await transferStep(context, transferModels(options.transfer));
  steps.announce("08-report");
  const record = {
    format: STUDY_FORMAT,
    settings,
    steps: steps.looks,
    command,
    commands: partCommands(options),
    ...{ data: look, split, tuner, training, evaluation, folds, transfer },
  };
  if (store.isReadOnly) return { record, report: writtenReport(store.path) };
  return { record, report: await writeReport(store.path, record, options.clean) };
}
