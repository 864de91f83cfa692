// The search space of each model that can be named: what its row varies, and how it is trained.

import { kindOf, type ModelConfig } from "../models/models.ts";
import type { TrainingPlan } from "../train/training.ts";
import type { HyperModel } from "./hyper-parameters.ts";

/** What a search varies, around a configuration that says the rest. */
export function searchSpace({ name, ...config }: ModelConfig): HyperModel<TrainingPlan> {
  const { search } = kindOf(name);
  return (hp) => {
    const model = { name, ...search.vary(hp, config) } as ModelConfig;
    const range = { ...search.learningRate, sampling: "log", default: 1e-3 } as const;
    const learningRate = hp.float("learning_rate", range);
    const batchSize = hp.choice("batch_size", [50, 32, 100]);
    return { model, training: { learningRate, batchSize } };
  };
}
