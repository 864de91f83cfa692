// LeNet-5's search space: what the paper and the study leave open, around the network of 1998, which is its default. Kept
// within about four times its work, so that a search of ten trials stays a matter of minutes.

import type { TrainingPlan } from "../../train/training.ts";
import type { HyperParameters } from "../hyper-parameters.ts";

export function lenet5Space(hp: HyperParameters): TrainingPlan {
  const filters = [
    hp.int("filters_1", { min: 6, max: 12, step: 2 }),
    hp.int("filters_2", { min: 16, max: 32, step: 8 }),
  ] as const;
  const kernelSize = hp.choice("kernel_size", [5, 3]);
  const activation = hp.choice("activation", ["relu", "tanh"]);
  const pooling = hp.choice("pooling", ["max", "average"]);
  const units = [
    hp.int("units_1", { min: 60, max: 240, step: 60, default: 120 }),
    hp.int("units_2", { min: 42, max: 168, step: 42, default: 84 }),
  ] as const;
  const dropout = hp.float("dropout", { min: 0, max: 0.5, step: 0.1 });
  const learningRate = hp.float("learning_rate", {
    min: 3e-4,
    max: 1e-2,
    sampling: "log",
    default: 1e-3,
  });
  const batchSize = hp.choice("batch_size", [50, 32, 100]);
  const shape = { activation, pooling, filters, kernelSize, units, dropout, classes: 10 };
  return { model: { name: "lenet5", ...shape }, training: { learningRate, batchSize } };
}
