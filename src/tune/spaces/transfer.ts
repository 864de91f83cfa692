// The search space of transfer learning: the head and how it is trained. The base stays as it was asked for, so that its
// features serve all trials.

import type { TransferModelConfig } from "../../models/models.ts";
import type { TrainingPlan } from "../../train/training.ts";
import type { HyperModel } from "../hyper-parameters.ts";

export function transferSpace(base: TransferModelConfig): HyperModel<TrainingPlan> {
  return (hp) => {
    const units = hp.choice("units", [256, 0, 64, 128, 512]);
    const dropout = hp.float("dropout", { min: 0, max: 0.6, step: 0.1, default: 0.5 });
    const learningRate = hp.float("learning_rate", {
      min: 1e-4,
      max: 1e-2,
      sampling: "log",
      default: 1e-3,
    });
    const batchSize = hp.choice("batch_size", [50, 32, 100]);
    return { model: { ...base, units, dropout }, training: { learningRate, batchSize } };
  };
}
