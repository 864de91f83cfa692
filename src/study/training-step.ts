// Trains the tuned model to its end and leaves a run folder, as `train` does, so that `evaluate` and `predict` take it.

import type { Device } from "../engine/core/device.ts";
import { UsageError } from "../engine/core/errors.ts";
import { describeModel } from "../engine/layers/model.ts";
import { adam } from "../engine/optim/adam.ts";
import { drawRun } from "../report/charts/saved-charts.ts";
import type { TrainingLook } from "../report/story/study-record.ts";
import { keras3Summary, summaryOf } from "../report/text/summary-table.ts";
import { historyFile, type RunConfig, runConfig, saveRun } from "../runs/run-folder.ts";
import type { Basis } from "../train/basis.ts";
import { EarlyStopping } from "../train/callbacks/early-stopping.ts";
import {
  holdThenDecay,
  LearningRateScheduler,
} from "../train/callbacks/learning-rate-scheduler.ts";
import { TerminateOnNaN } from "../train/callbacks/terminate-on-nan.ts";
import type { DeviceData } from "../train/device-data.ts";
import { namedTensors } from "../train/named-tensors.ts";
import { Trainer } from "../train/trainer.ts";
import type { TrainingPlan } from "../tune/spaces/lenet5.ts";
import type { StudyContext } from "./context.ts";

export async function trainingStep(
  context: StudyContext,
  plan: TrainingPlan,
  folder: string,
): Promise<TrainingLook> {
  const { bench, signal } = context;
  const { device, basis, train: data } = await bench.equipment();
  const scope = device.scope();
  try {
    const work = { plan, folder, device: scope, basis, data };
    const { trainer, stopping } = await trainPlan(context, work);
    signal.throwIfAborted();
    const look = lookOf(trainer, stopping, plan);
    const end = look.stoppedEarly ? "stopped early" : "ended";
    context.screen.say(
      `${end} after ${look.history.length} epochs; val_loss was best in epoch ${look.bestEpoch}, whose weights are kept`,
    );
    const { msPerStep, adapter } = look;
    await saveRun(folder, {
      config: studyRunConfig(context, plan, adapter),
      metrics: { epochs: look.history.length, bestEpoch: look.bestEpoch, msPerStep },
      history: trainer.history,
      weights: namedTensors(trainer.variables, trainer.lastWeights),
    });
    const { classNames } = context.data.train;
    await drawRun(folder, { history: trainer.history, confusion: null, classNames });
    return look;
  } finally {
    scope.destroy();
  }
}

/** The record of a run of this study: its settings and rows, with the plan's own. */
export function studyRunConfig(
  { settings, data, rows }: StudyContext,
  { model, training }: TrainingPlan,
  adapter: string,
): RunConfig {
  const { epochs, seed, validation, patience, rows: limit } = settings;
  return runConfig({
    model,
    classNames: data.train.classNames,
    training: { epochs, seed, validation, patience, limit, ...training },
    data: {
      source: data.source,
      trainRows: rows.train.length,
      heldOutRows: rows.heldOut.length,
      testRows: data.test.rows,
    },
    adapter,
  });
}

export interface PlannedTraining {
  readonly plan: TrainingPlan;
  /** Gets the history after every epoch. */
  readonly folder: string;
  readonly device: Device;
  readonly basis: Basis;
  /** As the basis placed it. */
  readonly data: DeviceData;
}

/** Trains as the study does: the rate held, then decayed; stopped early; the best epoch's weights restored. */
export async function trainPlan(context: StudyContext, work: PlannedTraining) {
  const { settings, rows, screen, signal } = context;
  const { plan, folder, device, basis, data } = work;
  const { batchSize, learningRate } = plan.training;
  const shown = screen.training(settings.epochs);
  const trainer = await Trainer.create({
    device,
    model: basis.modelOf(plan.model),
    pretrained: basis.pretrained,
    optimizer: adam(),
    data,
    batchSize,
    learningRate,
    seed: settings.seed,
    ...shown,
  });
  const stopping = new EarlyStopping({ patience: settings.patience, restoreBestWeights: true });
  const notANumber = new TerminateOnNaN();
  const schedule = new LearningRateScheduler(holdThenDecay);
  await trainer.fit({
    rows: rows.train,
    validationRows: rows.heldOut,
    epochs: settings.epochs,
    callbacks: [schedule, stopping, notANumber, historyFile(folder)],
    signal,
    ...shown,
  });
  if (notANumber.stoppedEpoch !== null) {
    const epoch = notANumber.stoppedEpoch + 1;
    throw new UsageError(
      `study: ${plan.model.name} must train, got a loss of NaN in epoch ${epoch}`,
      {
        help: "another --seed leads the tuner elsewhere",
      },
    );
  }
  return { trainer, stopping };
}

function lookOf(trainer: Trainer, stopping: EarlyStopping, plan: TrainingPlan): TrainingLook {
  const { history } = trainer;
  return {
    summary: keras3Summary(summaryOf(describeModel(trainer.model))),
    parameters: trainer.variables.count(),
    history,
    bestEpoch: stopping.bestEpoch + 1,
    stoppedEarly: stopping.stoppedEpoch !== null,
    ...plan.training,
    stepsPerEpoch: history.length > 0 ? trainer.steps / history.length : 0,
    msPerStep: trainer.msPerStep ?? 0,
    adapter: trainer.device.name,
  };
}
