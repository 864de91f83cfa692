// The study from beginning to end: its steps in order, each kept when an earlier run has done it, and the report.

import { sideBySide } from "../queue/turns.ts";
import { STUDY_FORMAT, type StudyRecord } from "../report/story/study-record.ts";
import type { TrainingPlan } from "../train/training.ts";
import { LazyTrainings, limitedData, type StudyContext, splitRows, Workbench } from "./context.ts";
import { lookStep, splitStep } from "./data-steps.ts";
import { type Candidate, evaluationStep } from "./evaluation-step.ts";
import { foldsStep } from "./folds-step.ts";
import { OwnTrainings } from "./own-trainings.ts";
import { partCommands } from "./part-commands.ts";
import { RemoteTrainings } from "./remote-trainings.ts";
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
  const { store, found, command } = options;
  const { settings } = store;
  const context = openContext(options);
  const steps = new StepRunner(context);

  // The look is at all rows, whatever part of them the study then uses.
  const whole = { ...context, data: options.clean };
  const look = await steps.run("01-data", (folder) => lookStep(whole, found, folder));
  const split = await steps.run("02-split", async () => splitStep(context));
  const trained = await train(context, steps).finally(() => context.trainings.close());
  steps.announce("07-transfer");
  const transfer = await transferStep(context, transferModels(options.transfer));
  steps.announce("08-report");
  const record = {
    format: STUDY_FORMAT,
    settings,
    steps: steps.looks,
    command,
    commands: partCommands(options),
    ...{ data: look, split, ...trained, transfer },
  };
  if (store.isReadOnly) return { record, report: writtenReport(store.path) };
  return { record, report: await writeReport(store.path, record, options.clean) };
}

function openContext({ store, clean, screen, signal, ...open }: StudyOptions): StudyContext {
  const { settings } = store;
  const data = limitedData(clean, settings);
  const bench = new Workbench(data, open.openDevice);
  const shared = { settings, data, rows: splitRows(data, settings), bench, screen, signal };
  const trainings = new LazyTrainings(async () => {
    const workers = await open.openWorkers(await bench.device());
    if (workers) return new RemoteTrainings(workers);
    return new OwnTrainings(shared, (step) => store.folder(step));
  });
  return { ...shared, store, trainings };
}

type Trained = Pick<StudyRecord, "tuner" | "training" | "evaluation" | "folds">;

/** The steps that train, and the evaluation. The best model and the folds, which do not know of each other, side by side if they can. */
async function train(context: StudyContext, steps: StepRunner): Promise<Trained> {
  const { store } = context;
  const tuner = await steps.run("03-tuner", (folder, time) => tunerStep(context, folder, time));
  const { plan, weights } = await loadTuned(store.folder("03-tuner"));
  const checkpoint = { model: plan.model, weights };
  const work = { context, steps, plan, checkpoint };
  const dones = [
    await store.finished("04-training", "04-training"),
    await store.finished("06-folds", "06-folds"),
  ];
  const isOpen = !store.isReadOnly && dones.every((done) => done === null);
  const areSideBySide = isOpen && (await context.trainings.get()).turns.count > 1;
  return { tuner, ...(areSideBySide ? await trainSideBySide(work) : await trainInTurn(work)) };
}

interface TrainWork {
  readonly context: StudyContext;
  readonly steps: StepRunner;
  readonly plan: TrainingPlan;
  readonly checkpoint: Candidate;
}

async function trainInTurn({ context, steps, plan, checkpoint }: TrainWork) {
  const training = await steps.run("04-training", async () =>
    trainingStep(context, await context.trainings.get()),
  );
  const run = context.store.folder("04-training");
  const evaluation = await steps.run("05-evaluation", (folder) =>
    evaluationStep(context, { run, checkpoint }, folder),
  );
  const folds = await steps.run("06-folds", (folder, time) =>
    foldsStep(context, { plan, folder, time }),
  );
  return { training, evaluation, folds };
}

/** The training gets its turn first: no fold takes as long. */
async function trainSideBySide(work: TrainWork) {
  const failing = new AbortController();
  const signal = AbortSignal.any([work.context.signal, failing.signal]);
  const context = { ...work.context, signal };
  const { steps, plan, checkpoint } = work;
  const trainings = await context.trainings.get();
  let begin = (): void => undefined;
  const isBegun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const training = steps
    .run("04-training", () => {
      const look = trainingStep(context, trainings);
      begin();
      return look;
    })
    .finally(begin);
  const run = context.store.folder("04-training");
  const evaluation = training.then(() =>
    steps.run("05-evaluation", (folder) => evaluationStep(context, { run, checkpoint }, folder)),
  );
  const folds = isBegun.then(() =>
    steps.run(
      "06-folds",
      (folder, time) => foldsStep(context, { plan, folder, time }),
      "the training",
    ),
  );
  await sideBySide([training, evaluation, folds], failing);
  return { training: await training, evaluation: await evaluation, folds: await folds };
}
