// A trial that trains one model on one split, and is scored by its best epoch on the rows held out (or by a training
// figure, where the objective is one). One seed for all trials, so that luck with initial weights does not decide.

import type { Device } from "../engine/core/device.ts";
import { type Basis, wholeTensors } from "../train/basis.ts";
import type { KeptEpoch } from "../train/best-epoch.ts";
import type { DeviceData } from "../train/device-data.ts";
import { DivergenceError } from "../train/divergence-error.ts";
import { FitRun } from "../train/fit.ts";
import type { FitEvents } from "../train/fit-events.ts";
import { fitSettings, type TrainingPlan } from "../train/training.ts";
import type { CheckpointStore } from "../train/training-state.ts";
import type { Objective } from "./trial.ts";
import type { TrialJob, TrialOutcome, TrialRunner } from "./tuner.ts";

/** What a trial is doing, for whoever shows it. */
export interface TrialEvents extends FitEvents {
  /** From 0. */
  readonly onFoldBegin?: (fold: number) => void;
}

export interface TrainTrialOptions {
  /** Each trial gets a scope of it, freed at the end; kernels are compiled once for all. */
  readonly device: Device;
  readonly basis: Basis;
  /** As the basis placed it. */
  readonly data: DeviceData;
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly validationRows: Uint32Array<ArrayBuffer>;
  readonly objective: Objective;
  /** Of weights, shuffling and dropout, in every trial. */
  readonly seed: number;
  /** Epochs without a better val_loss before a trial stops; 0 never stops early. */
  readonly patience: number;
  readonly events?: (job: TrialJob<TrainingPlan>) => TrialEvents;
  /** Where a trial's states are kept; one that was interrupted goes on from there. Default nowhere. */
  readonly checkpointsOf?: (job: TrialJob<TrainingPlan>) => Promise<CheckpointStore>;
}

/**
 * Trains as `train` does, by the plan. A trial that goes on from another starts at the weights of the
 * other's best epoch, at the rate that the schedule has reached, with the optimiser's moments at zero: those of the best epoch
 * are not kept, as KerasTuner does not keep them in a weights file either.
 */
export function trainTrials(options: TrainTrialOptions): TrialRunner<TrainingPlan> {
  return async (job, signal) => {
    const device = options.device.scope();
    try {
      return await trainTrial({ ...options, device }, job, signal);
    } finally {
      device.destroy();
    }
  };
}

async function trainTrial(
  options: TrainTrialOptions,
  job: TrialJob<TrainingPlan>,
  signal: AbortSignal | undefined,
): Promise<TrialOutcome | null> {
  const run = await createRun(options, job, signal);
  let message: string | null = null;
  await run.train().catch((error) => {
    if (!(error instanceof DivergenceError)) throw error;
    message = error.reason;
  });
  if (signal?.aborted) return null;
  // One that diverged has no score, also where an earlier epoch had one: what it ended as is what its values lead to.
  const history = run.history.map((logs, i) => ({ epoch: job.initialEpoch + i + 1, ...logs }));
  const best = message === null ? scored(run.kept, options.objective) : null;
  return {
    score: best?.score ?? null,
    bestEpoch: best?.epoch ?? null,
    folds: [],
    history,
    message: best ? null : (message ?? "the objective became NaN or infinite"),
    models: best
      ? [
          {
            fold: null,
            bestEpoch: best.epoch,
            history,
            weights: wholeTensors(options.basis, job.plan.model, best.weights),
          },
        ]
      : [],
  };
}

async function createRun(
  options: TrainTrialOptions,
  { plan, initialEpoch, epochs, ...job }: TrialJob<TrainingPlan>,
  signal: AbortSignal | undefined,
): Promise<FitRun> {
  const { device, basis, data, rows, validationRows, objective, seed, patience } = options;
  const parent = (job.parentWeights ?? []).map(
    ({ name, data: values }) => [name, Float32Array.from(values)] as const,
  );
  const checkpoints = await options.checkpointsOf?.({ plan, initialEpoch, epochs, ...job });
  return FitRun.create(device, basis.modelOf(plan.model), {
    ...fitSettings({ ...plan.training, epochs, patience }),
    ...options.events?.({ plan, initialEpoch, epochs, ...job }),
    train: { data, rows },
    validation: { data, rows: validationRows },
    keepBest: objective,
    initialEpoch,
    initialWeights: new Map([...basis.pretrained, ...parent]),
    ...{ seed, signal, checkpoints, resume: checkpoints?.latest ?? undefined },
  });
}

/** The epoch that the objective is best in, as KerasTuner's SaveBestEpoch; null where it never was a number. */
function scored(kept: KeptEpoch | null, { name }: Objective) {
  const score = kept?.logs[name] ?? Number.NaN;
  return kept && Number.isFinite(score) ? { ...kept, score } : null;
}
