// What the study searches over: LeNet-5's space as `tune` has it, drawn closer. Eight trials cannot explore the whole of
// it, so what is known to matter least or to fail is left out: few filters, no dropout at all, extreme rates. Activation,
// pooling and kernel size, which the study names, stay open.

import type { TrainingPlan } from "../train/training.ts";
import type { HyperParameters } from "../tune/hyper-parameters.ts";

export function studySpace(hp: HyperParameters): TrainingPlan {
  const filters = [
    hp.int("filters_1", { min: 8, max: 16, step: 4 }),
    hp.int("filters_2", { min: 24, max: 32, step: 8 }),
  ] as const;
  const kernelSize = hp.choice("kernel_size", [5, 3]);
  const activation = hp.choice("activation", ["relu", "tanh"]);
  const pooling = hp.choice("pooling", ["max", "average"]);
  const units = [
    hp.int("units_1", { min: 120, max: 240, step: 60 }),
    hp.int("units_2", { min: 84, max: 168, step: 42 }),
  ] as const;
  const dropout = hp.float("dropout", { min: 0.1, max: 0.3, step: 0.1 });
  const learningRate = hp.float("learning_rate", {
    min: 5e-4,
    max: 2e-3,
    sampling: "log",
    default: 1e-3,
  });
  const batchSize = hp.choice("batch_size", [50, 100]);
  const shape = { activation, pooling, filters, kernelSize, units, dropout, classes: 10 };
  return { model: { name: "lenet5", ...shape }, training: { learningRate, batchSize } };
}
