// Trains the tuned model to its end and leaves a run folder, as `train` does, so that `evaluate` and `predict` take it.

import { UsageError } from "../engine/core/errors.ts";
import { describeModel } from "../engine/layers/model.ts";
import { adam } from "../engine/optim/adam.ts";
import { createModel } from "../models/models.ts";
import { historyFile, runConfig, saveRun } from "../report/run-folder.ts";
import type { TrainingLook } from "../report/study-record.ts";
import { keras3Summary, summaryOf } from "../report/summary-table.ts";
import { EarlyStopping } from "../train/callbacks/early-stopping.ts";
import {
  holdThenDecay,
  LearningRateScheduler,
} from "../train/callbacks/learning-rate-scheduler.ts";
import { TerminateOnNaN } from "../train/callbacks/terminate-on-nan.ts";
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
  const { device } = await bench.equipment();
  const scope = device.scope();
  try {
    const { trainer, stopping } = await train(context, { plan, folder, device: scope });
    signal.throwIfAborted();
    const look = lookOf(trainer, stopping, plan);
    const end = look.stoppedEarly ? "stopped early" : "ended";
    context.screen.say(
      `${end} after ${look.history.length} epochs; val_loss was best in epoch ${look.bestEpoch}, whose weights are kept`,
    );
    const { learningRate, batchSize, msPerStep, adapter } = look;
    await saveRun(folder, {
      config: runConfig({
        model: plan.model,
        classNames: context.data.train.classNames,
        training: { ...trainingSettings(context), batchSize, learningRate },
        data: {
          source: context.data.source,
          trainRows: context.rows.train.length,
          heldOutRows: context.rows.heldOut.length,
          testRows: context.data.test.rows,
        },
        adapter,
      }),
      metrics: { epochs: look.history.length, bestEpoch: look.bestEpoch, msPerStep },
      history: trainer.history,
      weights: namedTensors(trainer.variables, trainer.lastWeights),
      confusion: null,
    });
    return look;
  } finally {
    scope.destroy();
  }
}

function trainingSettings({ settings }: StudyContext) {
  const { epochs, seed, validation, patience, rows } = settings;
  return { epochs, seed, validation, patience, limit: rows };
}

interface Training {
  readonly plan: TrainingPlan;
  readonly folder: string;
  readonly device: Trainer["device"];
}

async function train(context: StudyContext, { plan, folder, device }: Training) {
  const { settings, rows, bench, screen, signal } = context;
  const { batchSize, learningRate } = plan.training;
  const { train: data } = await bench.equipment();
  const shown = screen.training(settings.epochs);
  const trainer = await Trainer.create({
    device,
    model: createModel(plan.model),
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
    throw new UsageError(`study: the tuned model must train, got a loss of NaN in epoch ${epoch}`, {
      help: "another --seed leads the tuner elsewhere",
    });
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
