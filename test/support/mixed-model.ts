// A small CNN, its rows and its starting weights, by the formulas of test/fixtures/keras-mixed.py; and its training in mixed precision.

import type { Model } from "../../src/engine/layers/model.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { placeTensorData } from "../../src/library/tensor-data.ts";
import { allRows } from "../../src/train/device-data.ts";
import { type FitOptions, FitRun } from "../../src/train/fit.ts";
import {
  activation,
  batchNormalization,
  conv2d,
  dense,
  flatten,
  maxPooling2d,
  sequential,
  tensorData,
} from "../../src/vitrine.ts";
import { gpu } from "./gpu.ts";

export const [ROWS, SIDE, CLASSES, STEPS] = [16, 12, 5, 12];
const pixels = Float32Array.from({ length: ROWS * SIDE * SIDE }, (_, index) => {
  const [n, h, w] = [Math.floor(index / SIDE ** 2), Math.floor(index / SIDE) % SIDE, index % SIDE];
  return Math.fround(((37 * n * n + 11 * h * (n + 1) + 17 * w * (h + 2)) % 256) / 255);
});
const labels = Uint32Array.from({ length: ROWS }, (_, n) => n % CLASSES);

export const model = sequential(
  "mixed",
  [SIDE, SIDE, 1],
  [
    conv2d({ filters: 4, kernelSize: 3, activation: "relu" }),
    maxPooling2d(),
    conv2d({ filters: 8, kernelSize: 3, useBias: false }),
    batchNormalization(),
    activation({ activation: "tanh" }),
    flatten(),
    dense({ units: 16, activation: "tanh" }),
    dense({ units: CLASSES, activation: "softmax" }),
  ],
);

const SHAPES = {
  "conv2d/kernel": [3, 3, 1, 4],
  "conv2d/bias": [4],
  "conv2d_1/kernel": [3, 3, 4, 8],
  "batch_normalization/gamma": [8],
  "batch_normalization/beta": [8],
  "dense/kernel": [72, 16],
  "dense/bias": [16],
  "dense_1/kernel": [16, CLASSES],
  "dense_1/bias": [CLASSES],
};

function start(shape: readonly number[], number: number): Float32Array<ArrayBuffer> {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const inputs = size / (shape.at(-1) ?? 1);
  const step = (i: number) => (i * 7919 + number * 104729) % 1000;
  return Float32Array.from(
    { length: size },
    (_, i) => (step(i) / 500 - 1) * Math.sqrt(3 / Math.max(1, inputs)),
  );
}

export const data = tensorData({ x: pixels, y: labels, shape: [SIDE, SIDE, 1] });
export const weights = new Map(
  Object.entries(SHAPES).map(([name, shape], number) => [name, start(shape, number)]),
);

type Asked = Partial<FitOptions>;

/** Twelve steps of all rows by Adam, where nothing else is asked for. */
export async function trained(asked: Asked, of: Model = model) {
  const device = (await gpu()).scope();
  const run = await FitRun.create(device, of, {
    train: allRows(await placeTensorData(device, data)),
    ...{ optimizer: adam({ epsilon: 1e-3 }), learningRate: 1e-2, precision: "mixed", seed: 1 },
    ...{ batchSize: ROWS, epochs: STEPS, initialWeights: weights, optimizerBytes: 2 ** 20 },
    ...asked,
  });
  await run.train();
  device.check();
  return run;
}

/** A figure of every epoch. */
export function figures(run: FitRun, name: string): readonly number[] {
  return run.history.map((logs) => logs[name] ?? Number.NaN);
}
