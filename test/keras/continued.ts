// A training that is broken off and goes on, here or in Keras: the network, its data and the optimisers of
// keras-continue.py. Every epoch is one batch of all rows, so that their order does not count.

import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { type Model, sequential } from "../../src/engine/layers/model.ts";
import { flatten } from "../../src/engine/layers/shaping.ts";
import {
  createOptimizer,
  type OptimizerName,
  type OptimizerSettings,
} from "../../src/engine/optim/create-optimizer.ts";
import type { CompiledForExport } from "../../src/keras/compiled/compiled.ts";
import { allRows, uploadDataset } from "../../src/train/device-data.ts";
import { type FitOptions, type FitRun, fit } from "../../src/train/fit.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

export const FIRST_STEPS = 5;
export const NEXT_STEPS = 10;
export const ROWS = 20;

export interface Case {
  readonly optimizer: OptimizerName;
  readonly settings: OptimizerSettings;
  readonly learningRate: number;
}

export const CASES: Readonly<Record<string, Case>> = {
  adam: { optimizer: "adam", settings: {}, learningRate: 0.01 },
  adamw: { optimizer: "adamw", settings: { weightDecay: 0.1 }, learningRate: 0.01 },
  sgd: {
    ...{ optimizer: "sgd", learningRate: 0.02 },
    settings: { momentum: 0.9, nesterov: true, clipNorm: 1 },
  },
  rmsprop: { optimizer: "rmsprop", settings: { momentum: 0.5 }, learningRate: 0.002 },
  nadam: { optimizer: "nadam", settings: {}, learningRate: 0.01 },
  adagrad: { optimizer: "adagrad", settings: {}, learningRate: 0.05 },
  lion: { optimizer: "lion", settings: {}, learningRate: 0.001 },
};

export const network: Model = sequential(
  "continued",
  [28, 28, 1],
  [
    conv2d({
      ...{ name: "conv", filters: 3, kernelSize: 5, strides: 4, activation: "tanh" },
      kernelRegularizerL2: 0.001,
    }),
    batchNormalization({ name: "bn" }),
    flatten({ name: "flat" }),
    dense({ name: "out", units: 10, activation: "softmax" }),
  ],
);

export const images = smallDataset(ROWS, 3);

/** Trains the network for so many steps. */
export async function train(
  model: Model,
  { optimizer, settings, learningRate }: Case,
  more: Partial<FitOptions>,
): Promise<FitRun> {
  const device = await gpu();
  const rows = allRows(uploadDataset(device, images));
  return fit(device, model, {
    ...{ train: rows, learningRate, batchSize: ROWS, epochs: FIRST_STEPS, seed: 4 },
    ...{ optimizer: createOptimizer(optimizer, settings), optimizerBytes: 2 ** 30, ...more },
  });
}

/** What an export of that training says. */
export function compiledOf(
  { optimizer, settings, learningRate }: Case,
  { kept }: FitRun,
): CompiledForExport {
  return {
    ...{ optimizer, settings, learningRate },
    ...{ loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] },
    state: kept?.optimizer ?? null,
  };
}

export function losses({ history }: FitRun): number[] {
  return history.map(({ loss = Number.NaN }) => loss);
}
