// Trains the tuned model to its end and leaves a run folder, as `train` does, so that `evaluate` and `predict` take it.

import { createHash } from "node:crypto";
import type { Device } from "../engine/core/device.ts";
import { UsageError } from "../engine/core/errors.ts";
import { describeModel } from "../engine/layers/model.ts";
import { type JsonValue, stableJson } from "../io/files.ts";
import { drawRun } from "../report/charts/saved-charts.ts";
import type { TrainingLook } from "../report/story/study-record.ts";
import { keras3Summary, summaryOf } from "../report/text/summary-table.ts";
import type { Checkpoints } from "../runs/checkpoints.ts";
import { imagesRecord } from "../runs/images-record.ts";
import { KERNELS_FILE, tableOn, writeTable } from "../runs/kernel-table.ts";
import { removeCheckpoints } from "../runs/part-checkpoints.ts";
import { historyFile, saveRun } from "../runs/run-folder.ts";
import { type RunConfig, type RunResults, runConfig } from "../runs/run-record.ts";
import type { Basis } from "../train/basis.ts";
import type { DeviceData } from "../train/device-data.ts";
import { DivergenceError } from "../train/divergence-error.ts";
import { type FitRun, fit } from "../train/fit.ts";
import { namedTensors } from "../train/named-tensors.ts";
import { fitSettings, type TrainingPlan } from "../train/training.ts";
import { stepCheckpoints } from "./checkpoints.ts";
import type { StudyContext, TrainingContext, Trainings } from "./context.ts";

/** Asks for its turn before anything else. */
export async function trainingStep(
  { screen, signal }: StudyContext,
  trainings: Trainings,
): Promise<TrainingLook> {
  const look = await trainings.turns.take(() => trainings.best(signal));
  if (!look) throw signal.reason;
  const end = look.stoppedEarly ? "stopped early" : "ended";
  screen.say(
    `training ${end} after ${look.history.length} epochs; val_loss was best in epoch ${look.bestEpoch}, whose weights are kept`,
  );
  return look;
}

/** In whichever process: trains by the plan, and leaves the run in the folder. Null when interrupted. */
export async function trainBest(
  context: TrainingContext,
  plan: TrainingPlan,
  folder: string,
): Promise<TrainingLook | null> {
  const { bench, signal } = context;
  const { device, basis, train: data } = await bench.equipment();
  const scope = device.scope();
  try {
    const work = { plan, folder, device: scope, basis, data };
    const run = await trainPlan(context, work);
    if (signal.aborted) return null;
    const look = lookOf(run, plan);
    const { msPerStep } = look;
    await saveStudyRun(
      folder,
      {
        config: studyRunConfig(context, plan, device),
        metrics: { epochs: look.history.length, bestEpoch: look.bestEpoch, msPerStep },
        history: run.history,
        weights: namedTensors(run.variables, run.weights),
      },
      device,
    );
    const { classNames } = context.data.train;
    await drawRun(folder, { history: run.history, confusion: null, classNames });
    removeCheckpoints(folder);
    return look;
  } finally {
    scope.destroy();
  }
}

/** The run, and the kernels that it was recorded with. */
export async function saveStudyRun(
  folder: string,
  results: RunResults,
  device: Device,
): Promise<void> {
  await saveRun(folder, results);
  const kernels = tableOn(device);
  if (kernels) await writeTable(folder, kernels);
}

/** The record of a run of this study: its settings and rows, with the plan's own. */
export function studyRunConfig(
  { settings, data, rows }: TrainingContext,
  { model, training }: TrainingPlan,
  device: Device,
): RunConfig {
  const { epochs, seed, validation, patience, rows: limit } = settings;
  const kernels = device.rungTable.chosen.size > 0 ? { kernels: KERNELS_FILE } : {};
  return runConfig({
    model,
    classNames: data.train.classNames,
    training: { epochs, seed, validation, patience, limit, ...training, ...kernels },
    data: {
      ...imagesRecord(data),
      source: data.source,
      trainRows: rows.train.length,
      heldOutRows: rows.heldOut.length,
      testRows: data.test.rows,
    },
    adapter: device.name,
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
export async function trainPlan(context: TrainingContext, work: PlannedTraining): Promise<FitRun> {
  const { settings, rows, screen, signal } = context;
  const { plan, folder, device, basis, data } = work;
  const { epochs, patience, seed } = settings;
  const checkpoints = await trainingCheckpoints(context, work);
  const run = fit(device, basis.modelOf(plan.model), {
    ...fitSettings({ ...plan.training, epochs, patience }, [
      historyFile(folder, checkpoints.latest?.history),
    ]),
    ...screen.training(epochs),
    train: { data, rows: rows.train },
    validation: { data, rows: rows.heldOut },
    initialWeights: basis.pretrained,
    ...{ seed, signal, checkpoints, resume: checkpoints.latest ?? undefined },
  });
  return run.catch((error) => {
    if (!(error instanceof DivergenceError)) throw error;
    throw new UsageError(
      `study: ${plan.model.name} must train, got a loss of NaN in epoch ${error.epoch}`,
      { help: "another --seed leads the tuner elsewhere", cause: error },
    );
  });
}

/** Those of this plan alone: of other weights for the base, say, the states are others. */
function trainingCheckpoints(
  context: TrainingContext,
  { folder, device, plan }: PlannedTraining,
): Promise<Checkpoints> {
  const digest = createHash("sha256").update(stableJson(plan as unknown as JsonValue));
  const part = `training-${digest.digest("hex").slice(0, 8)}`;
  return stepCheckpoints(context, folder, device).open(part);
}

function lookOf(run: FitRun, plan: TrainingPlan): TrainingLook {
  const { history, model, variables, device } = run;
  return {
    summary: keras3Summary(summaryOf(describeModel(model))),
    parameters: variables.count(),
    history,
    bestEpoch: run.kept?.epoch ?? 0,
    stoppedEarly: run.ended === "early",
    ...plan.training,
    stepsPerEpoch: history.length > 0 ? run.steps / history.length : 0,
    msPerStep: run.msPerStep ?? 0,
    adapter: device.name,
  };
}
