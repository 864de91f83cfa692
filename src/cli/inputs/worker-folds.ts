// What a worker makes of a cross-validation that it is told of: its settings, checked, on the worker's own copy of the data.

import * as v from "valibot";
import { dataDigest } from "../../data/data-digest.ts";
import { FormatError } from "../../engine/core/errors.ts";
import { checkModelConfig } from "../../models/check-config.ts";
import { forData } from "../../models/for-data.ts";
import type { ModelConfig } from "../../models/models.ts";
import { foldAnswer } from "../../queue/remote-folds.ts";
import type { SearchMessage } from "../../queue/trial-message.ts";
import type { JobAnswerer } from "../../queue/worker-answer.ts";
import { firstDifference } from "../../runs/json-difference.ts";
import { type KfoldSettings, kfoldSettings } from "../../runs/kfold-folder.ts";
import { wholeTensors } from "../../train/basis.ts";
import { trainFold } from "../../train/cross-validation.ts";
import { checkOptimisation } from "../../train/training.ts";
import { loadData } from "./data-set.ts";
import { foldWork } from "./fold-work.ts";
import { loadPretrained, openBasis } from "./model-basis.ts";
import { otherHere, type WorkerMeans, workerProgress } from "./worker-search.ts";

/** Throws UsageError where the folds would be others here: other data, other weights. */
export async function openWorkerFolds(
  message: SearchMessage,
  means: WorkerMeans,
): Promise<JobAnswerer> {
  const { device, terminal, signal, checkpoints, onProgress } = means;
  const settings = settingsOf(message);
  const data = await loadData(terminal, means.data, means.rows);
  const { seed, limit } = settings;
  const asked = /^--weights=(.*)$/.exec(message.flags[0] ?? "")?.[1];
  const loaded = await loadPretrained(means, settings.model, means.weights ?? asked);
  const pretrained = { ...loaded, config: forData(loaded.config, data.train) };
  checkFolds(settings, {
    ...settings,
    model: pretrained.config,
    data: { train: dataDigest(data.train), test: dataDigest(data.test) },
  });
  const rows = limit ?? data.train.rows;
  const basis = openBasis({ device, terminal, signal, pretrained, seed, rows });
  const work = await foldWork({ device, basis, data, settings, checkpoints });
  const { epochs } = settings.training;

  async function train(fold: number, stop: AbortSignal | undefined) {
    let weights: ReturnType<typeof wholeTensors> = [];
    let diverged = "";
    const result = await trainFold(
      {
        ...{ ...work, signal: stop },
        ...workerProgress({ epochs, hasFolds: false }, onProgress),
        onFold: (_, trained) => {
          weights = wholeTensors(basis, settings.model, trained.weights);
        },
        onFoldDiverged: (_, { reason }) => {
          diverged = reason;
        },
      },
      fold,
    );
    if (result === "interrupted") return result;
    return result === "diverged" ? { diverged } : { result, weights };
  }

  return async (job, how) => {
    if (!("fold" in job)) throw new FormatError("worker: a job of kfold must be a fold, got none");
    return await foldAnswer({ run: train }, job, how);
  };
}

function settingsOf({ description }: SearchMessage): KfoldSettings {
  const found = v.safeParse(kfoldSettings, description);
  if (!found.success) {
    const [issue] = found.issues;
    const at = v.getDotPath(issue) ?? "all of it";
    throw new FormatError(
      `worker: a cross-validation must be described by its settings, got ${at} ${issue.received}`,
    );
  }
  const model: ModelConfig = checkModelConfig(found.output.model, "worker");
  const settings = { ...found.output, model } as KfoldSettings;
  checkOptimisation(settings.training);
  return settings;
}

function checkFolds(theirs: KfoldSettings, own: KfoldSettings): void {
  const [left, right] = [theirs, own].map((one) => JSON.parse(JSON.stringify(one)));
  const difference = firstDifference(left, right);
  if (difference) throw otherHere(difference);
}

/** The command's flags that its description does not hold; a path means nothing on another machine. */
export function foldArguments(weights: string | undefined, isLocal: boolean): string[] {
  if (weights === undefined) return [];
  const isPath = !["imagenet", "none"].includes(weights);
  if (isPath && !isLocal) return [];
  return [`--weights=${weights}`];
}
