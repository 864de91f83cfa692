// Reads what a tuner's study found best: the model and how to train it.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { checkModelConfig } from "../../models/check-config.ts";
import type { ModelConfig } from "../../models/models.ts";

export interface Hyperparameters {
  readonly model: ModelConfig;
  readonly training: { readonly learningRate: number; readonly batchSize: number };
  readonly trialId: string;
  readonly score: number;
}

/** Throws UsageError when the folder is no study with a best trial, FormatError when its best.json is damaged. */
export async function readBestTrial(study: string): Promise<Hyperparameters> {
  const path = join(study, "best.json");
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new UsageError(
      `--hyperparameters: must be the folder of a tuner's study, got ${study} without best.json`,
      { help: "`npm run tune -- --help` tells how to make one", cause },
    );
  });
  const { model, training, trialId, score } = parse(path, text);
  const { learningRate, batchSize } = training ?? {};
  const sound =
    typeof model?.name === "string" &&
    typeof learningRate === "number" &&
    learningRate > 0 &&
    Number.isSafeInteger(batchSize) &&
    Number(batchSize) > 0;
  if (!sound) {
    throw new FormatError(
      `${path}: must hold model.name, training.learningRate and training.batchSize, got others`,
    );
  }
  const rate = { learningRate, batchSize: Number(batchSize) };
  return {
    model: checkModelConfig(model, path),
    training: rate,
    trialId: String(trialId),
    score: Number(score),
  };
}

interface BestJson {
  readonly model: ModelConfig;
  readonly training: Partial<Hyperparameters["training"]>;
  readonly trialId: unknown;
  readonly score: unknown;
}

function parse(path: string, text: string): Partial<BestJson> {
  try {
    return JSON.parse(text) ?? {};
  } catch (cause) {
    throw new FormatError(`${path}: must be JSON, got ${text.length} characters that are not`, {
      cause,
    });
  }
}
