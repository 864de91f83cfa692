// A trial of the toy search on its way to a worker and back, with numbers that JSON does not know.

import type { TrialJob, TrialOutcome } from "../../src/tune/tuner.ts";
import { planOf } from "../../src/tune/tuner.ts";
import { hyperModel, type Plan, SPACE } from "../tune/toy-search.ts";

export const weights = [
  { name: "b", dtype: "F32" as const, shape: [2], data: Float32Array.of(-0, 1e-40) },
  { name: "a", dtype: "F32" as const, shape: [1], data: Float32Array.of(0.1) },
];
const odd = { epoch: 1, loss: Number.NaN, lr: -0, val_loss: Infinity, val_accuracy: -Infinity };
export const TOY_OUTCOME: TrialOutcome = {
  ...{ score: 0.1 + 0.2, bestEpoch: 3, folds: [1 / 3, Number.NaN], message: null },
  history: [odd],
  models: [{ fold: 2, bestEpoch: 3, history: [odd], weights }],
};
export const TOY_JOB: TrialJob<Plan> = {
  trial: {
    ...{ id: "7", values: { width: 4, rate: 0.1 + 0.2 }, status: "running", seconds: 0 },
    ...{ score: null, bestEpoch: null, folds: [], history: [], message: null },
  },
  plan: planOf(hyperModel, SPACE, { width: 4, rate: 0.1 + 0.2 }),
  ...{ initialEpoch: 1, epochs: 3, parentWeights: weights },
};
