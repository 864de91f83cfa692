// Layers put together: names and shapes as Keras has them, a small residual network that learns, penalties, frozen
// parameters, and errors that are thrown when a model is built.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { describeModel, type Model, sequential } from "../../src/engine/layers/model.ts";
import { type Net, snakeCase } from "../../src/engine/layers/net.ts";
import {
  averagePooling2d,
  globalAveragePooling2d,
  maxPooling2d,
} from "../../src/engine/layers/pooling.ts";
import {
  activation,
  addBranches,
  dropout,
  flatten,
  zeroPadding2d,
} from "../../src/engine/layers/shaping.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import type { Optimizer } from "../../src/engine/optim/optimizer.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("layers");

const rows = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

async function fit(model: Model, epochs: number, optimizer: Optimizer = adam()): Promise<Trainer> {
  const device = await gpu();
  const data = uploadDataset(device, smallDataset(40));
  const trainer = await Trainer.create({
    device,
    model,
    optimizer,
    data,
    batchSize: 20,
    learningRate: 0.01,
    seed: 1,
  });
  await trainer.fit({ rows: rows(40), validationRows: rows(40), epochs });
  return trainer;
}

/** A pre-activation residual block on a strided stem: every kind of layer that ResNet needs. */
const residual: Model = {
  name: "residual",
  inputShape: [28, 28, 1],
  build(net: Net, x: Tensor) {
    let y = zeroPadding2d({
      padding: [
        [1, 2],
        [2, 1],
      ],
    })(net, net.input(x, "input"));
    y = conv2d({ filters: 8, kernelSize: 3, strides: 2, useBias: false })(net, y);
    y = averagePooling2d({ poolSize: 2, padding: "same" })(net, y);
    const shortcut = y;
    y = batchNormalization({ epsilon: 1.001e-5 })(net, y);
    y = activation({ activation: "relu" })(net, y);
    y = conv2d({ filters: 8, kernelSize: 3, padding: "same" })(net, y);
    y = addBranches(net, [shortcut, y]);
    y = dropout({ rate: 0.1 })(net, y);
    y = globalAveragePooling2d()(net, y);
    return dense({ units: 10, activation: "softmax" })(net, y);
  },
};

test("names, shapes, parameters and connections of a branching model", () => {
  const { layers, trainable, nonTrainable } = describeModel(residual);
  assert.equal(
    layers.map(({ name, outputShape }) => `${name} ${outputShape}`),
    [
      "zero_padding2d 31,31,1",
      "conv2d 15,15,8",
      "average_pooling2d 8,8,8",
      "batch_normalization 8,8,8",
      "activation 8,8,8",
      "conv2d_1 8,8,8",
      "add 8,8,8",
      "dropout 8,8,8",
      "global_average_pooling2d 8",
      "dense 10",
    ],
  );
  assert.equal(layers[6]?.inputs, ["average_pooling2d", "conv2d_1"]);
  assert.equal(layers[0]?.inputs, ["input"]);
  assert.is(trainable, 72 + 16 + 584 + 90);
  assert.is(nonTrainable, 16);
});

test("a residual network with batch normalisation and dropout learns", async () => {
  const trainer = await fit(residual, 40);
  const { loss = 9 } = trainer.history.at(-1) ?? {};
  assert.ok(loss < 0.5 * (trainer.history[0]?.["loss"] ?? 0), `loss ${loss}`);
  const moving = trainer.lastWeights.get("batch_normalization/moving_mean") ?? [];
  assert.ok(
    [...moving].some((value) => value !== 0),
    "the moving mean has moved",
  );
});

test("SGD with Nesterov momentum learns too", async () => {
  const model = sequential(
    "plain",
    [28, 28, 1],
    [maxPooling2d({ poolSize: 4 }), flatten(), dense({ units: 10, activation: "softmax" })],
  );
  const trainer = await fit(model, 100, sgd({ momentum: 0.9, nesterov: true }));
  const [first = {}, last = {}] = [trainer.history[0], trainer.history.at(-1)];
  assert.ok((last["loss"] ?? 9) < 0.5 * (first["loss"] ?? 0), `${first["loss"]} → ${last["loss"]}`);
});

test("an L2 penalty is part of the loss, in training and in validation", async () => {
  const layers = (l2: number) => [
    flatten(),
    dense({ units: 10, activation: "softmax", kernelRegularizerL2: l2 }),
  ];
  const [with_, without] = await Promise.all(
    [0.5, 0].map(async (l2) => {
      const device = await gpu();
      const data = uploadDataset(device, smallDataset(20));
      const model = sequential("penalty", [28, 28, 1], layers(l2));
      const trainer = await Trainer.create({
        device,
        model,
        optimizer: adam(),
        data,
        batchSize: 20,
        learningRate: 1e-3,
        seed: 1,
      });
      return { trainer, loss: (await trainer.evaluate(data, rows(20))).loss };
    }),
  );
  if (!(with_ && without)) throw new Error("unreachable");
  const kernel = with_.trainer.variables.initialWeights().get("dense/kernel") ?? new Float32Array();
  const penalty = 0.5 * kernel.reduce((sum, w) => sum + w * w, 0);
  assert.ok(
    Math.abs(with_.loss - without.loss - penalty) < 1e-4 * penalty,
    `${with_.loss} ${without.loss} ${penalty}`,
  );
});

test("frozen batch normalisation keeps its parameters and statistics", async () => {
  const model = sequential(
    "frozen",
    [28, 28, 1],
    [
      maxPooling2d({ poolSize: 4 }),
      batchNormalization({ trainable: false }),
      flatten(),
      dense({ units: 10, activation: "softmax" }),
    ],
  );
  const { lastWeights } = await fit(model, 3);
  assert.equal([...(lastWeights.get("batch_normalization/gamma") ?? [])], [1]);
  assert.equal([...(lastWeights.get("batch_normalization/moving_mean") ?? [])], [0]);
});

test("mistakes are told when a layer is configured or the model is built", () => {
  assert.throws(
    () => conv2d({ filters: 0, kernelSize: 3 }),
    "conv2d: filters: takes whole numbers of at least 1, got 0",
  );
  assert.throws(() => dropout({ rate: 1 }), "dropout: the rate lies in [0, 1), got 1");
  const tooSmall = sequential("small", [4, 4, 1], [conv2d({ filters: 1, kernelSize: 5 })]);
  assert.throws(() => describeModel(tooSmall), /conv2d/);
});

test("a dense layer on an image sees each pixel by itself", () => {
  const { outputShape, trainable } = describeModel(
    sequential("image", [4, 3, 5], [dense({ units: 2 })]),
  );
  assert.equal(outputShape, [4, 3, 2]);
  assert.is(trainable, 5 * 2 + 2);
});

test("layer names are Keras's", () => {
  const names = {
    Conv2D: "conv2d",
    MaxPooling2D: "max_pooling2d",
    ZeroPadding2D: "zero_padding2d",
  };
  for (const [className, name] of Object.entries(names)) assert.is(snakeCase(className), name);
  assert.is(snakeCase("GlobalAveragePooling2D"), "global_average_pooling2d");
  assert.is(snakeCase("BatchNormalization"), "batch_normalization");
});

test.run();
