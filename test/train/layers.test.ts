// A network of the layers that common ones have not, trained: its gradients go where the optimiser looks for them.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { prelu } from "../../src/engine/layers/activations.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import {
  conv2dTranspose,
  depthwiseConv2d,
  separableConv2d,
} from "../../src/engine/layers/convolutions.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import {
  groupNormalization,
  layerNormalization,
} from "../../src/engine/layers/group-normalization.ts";
import { resizing } from "../../src/engine/layers/images.ts";
import { concatenateBranches, mergeBranches } from "../../src/engine/layers/merging.ts";
import type { Model } from "../../src/engine/layers/model.ts";
import type { Layer } from "../../src/engine/layers/net.ts";
import { averagePooling2d, globalAveragePooling2d } from "../../src/engine/layers/pooling.ts";
import { rescaling } from "../../src/engine/layers/scaling.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("training with all layers");

const model: Model = {
  name: "mixed",
  inputShape: [28, 28, 1],
  build: (net, image) => {
    const chain = (x: typeof image, ...layers: readonly Layer[]) =>
      layers.reduce((tensor, layer) => layer(net, tensor), x);
    const x = chain(
      net.inputLayer(image),
      rescaling({ scale: 2, offset: -1 }),
      resizing({ height: 14, width: 14 }),
      conv2d({ filters: 8, kernelSize: 3, dilationRate: 2, padding: "same", activation: "gelu" }),
      groupNormalization({ groups: 4 }),
    );
    const a = chain(
      x,
      depthwiseConv2d({ kernelSize: 3, padding: "same" }),
      prelu({ sharedAxes: [1, 2] }),
    );
    const b = chain(
      x,
      separableConv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "silu" }),
    );
    const product = mergeBranches(net, [a, b], { className: "Multiply" });
    const up = conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: "same" });
    const wide = chain(
      concatenateBranches(net, [x, product]),
      averagePooling2d(),
      up,
      layerNormalization(),
    );
    const groups = conv2d({ filters: 16, kernelSize: 3, groups: 2, strides: 2, activation: "elu" });
    return chain(
      wide,
      groups,
      dense({ units: 16, activation: "leaky_relu" }),
      globalAveragePooling2d(),
      dense({ units: 10, activation: "softmax" }),
    );
  },
};

test("it learns, and every variable moves", async () => {
  const device = await gpu();
  const rows = Uint32Array.from({ length: 40 }, (_, i) => i);
  const data = uploadDataset(device, smallDataset(40));
  const subject = await Trainer.create({
    ...{ device, model, data, optimizer: adam(), batchSize: 20, learningRate: 3e-3, seed: 3 },
  });
  const before = await subject.variables.snapshot(device);
  await subject.fit({ rows, validationRows: new Uint32Array(), epochs: 8 });
  const [first, last] = [
    subject.history.at(0)?.["loss"] ?? 0,
    subject.history.at(-1)?.["loss"] ?? 9,
  ];
  assert.ok(last < 0.95 * first, `loss ${first} to ${last}`);
  for (const [name, values] of await subject.variables.snapshot(device)) {
    assert.ok(
      values.some((value, i) => value !== before.get(name)?.[i]),
      name,
    );
  }
});

test.run();
