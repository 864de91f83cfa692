// The search space of each model that can be named: what its row varies, and how it is trained.

import type { OptimizerName } from "../engine/optim/create-optimizer.ts";
import { kindOfConfig, type ModelConfig } from "../models/models.ts";
import { DEFAULT_RATES, type TrainingPlan } from "../train/training.ts";
import type { HyperModel, HyperParameters } from "./hyper-parameters.ts";

/** What a search varies, around a configuration and an optimiser that say the rest. */
export function searchSpace(
  asked: ModelConfig,
  optimizer?: OptimizerName,
): HyperModel<TrainingPlan> {
  const { search } = kindOfConfig(asked);
  const { name, ...config } = asked;
  return (hp) => {
    const model = { name, ...search.vary(hp, config) } as ModelConfig;
    return { model, training: trainingRange(hp, { optimizer }, search.learningRate) };
  };
}

interface Training {
  readonly learningRate?: number | undefined;
  readonly batchSize?: number | undefined;
  /** Default `adam`. */
  readonly optimizer?: OptimizerName | undefined;
}

/** Rate and batch of a model's training, as far as they are not given. `range`: of rates for Adam. */
export function trainingRange(
  hp: HyperParameters,
  { learningRate, batchSize, optimizer = "adam" }: Training,
  range: { readonly min: number; readonly max: number } = { min: 1e-4, max: 1e-2 },
): Pick<TrainingPlan["training"], "learningRate" | "batchSize"> {
  // Keras's default rates tell how far optimisers are apart.
  const scale = DEFAULT_RATES[optimizer] / DEFAULT_RATES.adam;
  const rates = { min: scale * range.min, max: scale * range.max, default: scale * 1e-3 };
  return {
    learningRate: learningRate ?? hp.float("learning_rate", { ...rates, sampling: "log" }),
    batchSize: batchSize ?? hp.choice("batch_size", [50, 32, 100]),
  };
}
