// The small networks whose files are compared with Keras's own (test/fixtures/keras/make.py builds the same), and
// weights for them from a seed.

import { sizeOf } from "../../src/engine/core/shape.ts";
import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { type Model, variablesOf } from "../../src/engine/layers/model.ts";
import type { Layer, Net } from "../../src/engine/layers/net.ts";
import {
  averagePooling2d,
  globalAveragePooling2d,
  maxPooling2d,
} from "../../src/engine/layers/pooling.ts";
import {
  activation,
  addBranches,
  dropout,
  zeroPadding2d,
} from "../../src/engine/layers/shaping.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { randomArray } from "../support/random.ts";

const SMALL = { filters: [2, 3], units: [5, 4] } as const;

/** One of every layer that we have and LeNet-5 has not: a branch, a frozen layer, a regulariser, odd windows. */
export const residual: Model = {
  name: "residual",
  inputShape: [9, 8, 2],
  build: (net, image) => {
    const input = net.inputLayer(image);
    const padding = [
      [1, 2],
      [0, 1],
    ] as const;
    const x = chain(net, input, [
      zeroPadding2d({ name: "pad", padding }),
      conv2d({
        ...{ name: "conv1", filters: 4, kernelSize: 3, padding: "same" },
        kernelRegularizerL2: 0.0005,
      }),
    ]);
    const relu = chain(net, x, [
      batchNormalization({ name: "bn", epsilon: 1.001e-5 }),
      activation({ name: "relu", activation: "relu" }),
    ]);
    // In this order in Keras: equally far from the output, the first branch of the sum first.
    const shortcut = maxPooling2d({ name: "shortcut", poolSize: 1, strides: [2, 1] })(net, x);
    const y = conv2d({
      ...{ name: "conv2", filters: 4, kernelSize: [3, 2], strides: [2, 1] },
      ...{ padding: "same", useBias: false },
    })(net, relu);
    const sum = addBranches(net, [shortcut, y], { name: "out" });
    const features = chain(net, sum, [
      averagePooling2d({ name: "blur", poolSize: [2, 3], strides: 1, padding: "same" }),
      globalAveragePooling2d({ name: "avg_pool" }),
    ]);
    const hidden = net.frozen(() =>
      dense({ name: "frozen", units: 5, activation: "tanh" })(net, features),
    );
    return chain(net, hidden, [
      dropout({ name: "drop", rate: 0.5 }),
      dense({ name: "predictions", units: 3, activation: "softmax" }),
    ]);
  },
};

export const NETWORKS: Readonly<Record<string, Model>> = {
  lenet5: lenet5(SMALL),
  "lenet5-dropout": lenet5({ ...SMALL, activation: "tanh", pooling: "average", dropout: 0.25 }),
  residual,
};

/** Throws for a name that is none of them. */
export function network(name: string): Model {
  const model = NETWORKS[name];
  if (!model) throw new Error(`networks: no ${name}`);
  return model;
}

function chain(net: Net, x: Parameters<Layer>[1], layers: readonly Layer[]) {
  return layers.reduce((tensor, layer) => layer(net, tensor), x);
}

/** Uniform in ±0.5; statistics and scales near one. The same for the same seed, whatever the platform. */
export function seededWeights(model: Model, seed: number): Map<string, Float32Array<ArrayBuffer>> {
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  for (const { name, tensor, index } of variablesOf(model)) {
    const isScale = /\/(gamma|moving_variance)$/.test(name);
    const values = randomArray(sizeOf(tensor.shape), 1000 * seed + index);
    weights.set(
      name,
      Float32Array.from(values, (value) => (isScale ? 1 : 0) + 0.5 * value),
    );
  }
  return weights;
}
