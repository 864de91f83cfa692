// Models that are no chain as Keras's files describe them: layers that are called several times, the order in which Keras
// counts layers, the mode of a call, and what Keras could not follow.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { describeModel, type Model } from "../../src/engine/layers/model.ts";
import type { Net } from "../../src/engine/layers/net.ts";
import { addBranches, dropout, flatten } from "../../src/engine/layers/shaping.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras2Config } from "../../src/models/architecture/keras2.ts";
import { keras3Config } from "../../src/models/architecture/keras3.ts";
import { modelFromConfig } from "../../src/models/architecture/model-from-config.ts";
import { gpu } from "../support/gpu.ts";
import { seededWeights } from "./networks.ts";
import { predict } from "./predict.ts";

const test = suite("graphs in Keras's files");

const again = (config: unknown): unknown => JSON.parse(JSON.stringify(config));
const modelOf = (inputShape: readonly number[], build: Model["build"]): Model => {
  return { name: "graph", inputShape, build };
};

/** `twin` is called twice, and the second call's result goes on by two ways. */
const twins = modelOf([3], (net, image) => {
  const twin = dense({ name: "twin", units: 3, activation: "tanh" });
  const x = net.inputLayer(image, "image");
  const first = twin(net, x);
  const second = net.again(() => twin(net, first));
  return dense({ name: "out", units: 2 })(net, addBranches(net, [second, first], { name: "both" }));
});

const nodesOf = (config: unknown, layer: string): unknown => {
  const { layers } = (config as { config: { layers: { name: string; inbound_nodes: unknown }[] } })
    .config;
  return layers.find(({ name }) => name === layer)?.inbound_nodes;
};

test("a layer that is called twice has two inbound nodes, and the second is told from the first", () => {
  const exported = exportedModel(twins);
  assert.equal(nodesOf(keras2Config(exported), "twin"), [
    [["image", 0, 0, {}]],
    [["twin", 0, 0, {}]],
  ]);
  assert.equal(nodesOf(keras2Config(exported), "both"), [
    [
      ["twin", 1, 0, {}],
      ["twin", 0, 0, {}],
    ],
  ]);
  const histories = (layer: string) =>
    [
      ...JSON.stringify(nodesOf(keras3Config(exported), layer)).matchAll(
        /"keras_history":(\S+?\])/g,
      ),
    ].map(([, history = ""]) => JSON.parse(history));
  assert.equal(histories("twin"), [
    ["image", 0, 0],
    ["twin", 0, 0],
  ]);
  assert.equal(histories("both"), [
    ["twin", 1, 0],
    ["twin", 0, 0],
  ]);
});

test("written and read again, it predicts the same bits", async () => {
  const device = await gpu();
  const weights = seededWeights(twins, 2);
  const inputs = Float32Array.from([0.5, -1, 2, 0.25, 3, -0.125]);
  const expected = await predict(device, { model: twins, weights, inputs });
  for (const config of [keras2Config, keras3Config]) {
    const model = modelFromConfig(again(config(exportedModel(twins))), "twins");
    assert.equal(await predict(device, { model, weights, inputs }), expected);
  }
});

/** A short way and a long one, recorded the short one first, from an input that is no layer. */
const branching = modelOf([4, 4, 2], (net, image) => {
  const conv = (name: string) => conv2d({ name, filters: 2, kernelSize: 3, padding: "same" });
  const x = net.input(image, "input");
  const short = conv("short")(net, x);
  const long = conv("long_2")(net, conv("long_1")(net, x));
  return addBranches(net, [short, long], { name: "sum" });
});

test("layers are written in the order in which Keras counts them, and a chain's input becomes a layer", () => {
  const { layers, isFunctional } = exportedModel(branching);
  assert.ok(isFunctional);
  // Keras 3.12 lists those of test/keras/zoo.py's network of this form so.
  assert.equal(
    layers.map(({ name }) => name),
    ["input_layer", "long_1", "short", "long_2", "sum"],
  );
  const recorded = exportedModel(branching, { order: "recorded" }).layers;
  assert.equal(
    recorded.map(({ name }) => name),
    ["input_layer", "short", "long_1", "long_2", "sum"],
  );
  const model = modelFromConfig(again(keras3Config(exportedModel(branching))), "branching");
  assert.equal(describeModel(model).output, { layer: "sum", call: 0 });
});

test("a call with training=False stays one, where the layer would do something else in training", () => {
  const build = (net: Net, image: Tensor) => {
    const x = net.inputLayer(image, "image");
    const y = net.inference(() =>
      dropout({ name: "drop", rate: 0.5 })(net, flatten({ name: "flat" })(net, x)),
    );
    return dense({ name: "out", units: 2 })(net, y);
  };
  const exported = exportedModel(modelOf([2, 2, 1], build));
  const kept = { training: false };
  assert.equal(nodesOf(keras2Config(exported), "drop"), [[["flat", 0, 0, kept]]]);
  assert.equal(nodesOf(keras2Config(exported), "flat"), [[["image", 0, 0, {}]]]);
  assert.match(
    JSON.stringify(nodesOf(keras3Config(exported), "drop")),
    /"kwargs":\{"training":false\}/,
  );
  for (const config of [keras2Config, keras3Config]) {
    const { calls } = describeModel(modelFromConfig(again(config(exported)), "m"));
    assert.equal(
      calls.get("drop")?.map(({ isInference }) => isInference),
      [true],
    );
  }
});

test("what Keras could not follow is named", () => {
  const stray = modelOf([3], (net, image) => {
    const x = net.inputLayer(image);
    dense({ name: "stray", units: 2 })(net, x);
    return dense({ name: "out", units: 2 })(net, x);
  });
  assert.throws(
    () => exportedModel(stray),
    /^layer stray: must lead to the output to be written, got a branch that ends$/,
  );
  const stranger = modelOf([3], (net, image) => {
    const x = dense({ name: "first", units: 3 })(net, net.inputLayer(image));
    return addBranches(net, [x, net.rec.allocate(x.shape, "x")], { name: "sum" });
  });
  assert.throws(
    () => exportedModel(stranger),
    /^layer sum: what it takes must be of a layer to be written, got a tensor of none$/,
  );
});

test.run();
