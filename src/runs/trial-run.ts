// What a trial leaves for those who use trained models: the files of a run, in the trial's folder or, where it was scored
// by folds, in a folder for each of them.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { JsonValue } from "../io/files.ts";
import { tensorDigest, writeSafetensors } from "../io/safetensors.ts";
import type { TrainingPlan } from "../train/training.ts";
import type { Trial } from "../tune/trial.ts";
import type { TrialModel } from "../tune/tuner.ts";
import { type KernelTable, writeTable } from "./kernel-table.ts";
import { saveRun } from "./run-folder.ts";
import { trialOrigin, trialSettings } from "./run-origin.ts";
import { runConfig } from "./run-record.ts";
import type { StudyDescription } from "./search-description.ts";

/** What the trials of a search have in common beyond its description. */
export interface TrialFacts {
  readonly classNames: readonly string[];
  readonly data: Readonly<Record<string, JsonValue>>;
  readonly adapter: string;
}

export interface TrialRun {
  readonly description: StudyDescription;
  /** Null for a search of something that is no model of ours: only weights are kept then. */
  readonly facts: TrialFacts | null;
  /** That the search's trials are recorded with; null where all is left to the order. */
  readonly kernels: KernelTable | null;
  readonly trial: Trial;
  readonly plan: object;
  readonly model: TrialModel;
}

/** `folder` is the trial's. */
export async function saveTrialModel(folder: string, run: TrialRun): Promise<void> {
  const { description, facts, trial, model } = run;
  const { fold, weights, history, bestEpoch } = model;
  const out = fold === null ? folder : join(folder, `fold-${fold}`);
  await mkdir(out, { recursive: true });
  if (facts === null) {
    await writeSafetensors(join(out, "weights.safetensors"), weights, { model: description.model });
    return;
  }
  if (run.kernels) await writeTable(out, run.kernels);
  const { model: config, training } = run.plan as TrainingPlan;
  const { adapter = facts.adapter } = trial;
  const logs = history[history.findIndex(({ epoch }, i) => (epoch ?? i + 1) === bestEpoch)] ?? {};
  await saveRun(out, {
    config: runConfig({
      ...{ model: config, classNames: facts.classNames, adapter },
      training: { ...training, ...trialSettings(description, trial) },
      data: facts.data,
      origin: trialOrigin(description, trial, fold),
    }),
    metrics: {
      model: config.name,
      epochs: history.length,
      bestEpoch,
      valLoss: logs["val_loss"] ?? null,
      valAccuracy: logs["val_accuracy"] ?? null,
      objective: description.objective.name,
      score: trial.score,
      parameters: weights.reduce((sum, { data }) => sum + data.length, 0),
      weightsSha256: tensorDigest(weights),
      seconds: trial.seconds,
      adapter,
    },
    history,
    weights,
  });
}
