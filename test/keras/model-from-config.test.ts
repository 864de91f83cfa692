// Models built from Keras's own descriptions of them: they predict what Keras predicts, and what we have not is refused.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatShape } from "../../src/engine/core/shape.ts";
import { describeModel, type Model } from "../../src/engine/layers/model.ts";
import { modelFromConfig } from "../../src/keras/config/model-from-config.ts";
import { assignWeights } from "../../src/keras/weights/assign-weights.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import { assertClose, f32 } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { EXPECTED, fixture } from "./h5-fixtures.ts";
import { predict } from "./predict.ts";

const test = suite("model-from-config");

async function modelOf(name: string): Promise<{ model: Model; config: unknown }> {
  const file = await openWeightFile(fixture(name));
  await file.close();
  return { model: modelFromConfig(file.modelConfig, name), config: file.modelConfig };
}

test("Keras 3's models predict what they predict in Keras", async () => {
  const device = await gpu();
  const files = [
    ["keras3-model.keras", "tiny"],
    ["keras3-model.h5", "tiny"],
    ["keras3-nested.keras", "transfer"],
    ["keras3-nested.h5", "transfer"],
  ] as const;
  for (const [name, key] of files) {
    const file = await openWeightFile(fixture(name));
    try {
      const model = modelFromConfig(file.modelConfig, name);
      const weights = new Map(assignWeights(file, describeModel(model).layers));
      const { inputs, outputs } = EXPECTED.models[key];
      const actual = await predict(device, { model, weights, inputs: Float32Array.from(inputs) });
      const shape = [2, 3];
      assertClose({ label: name, shape, actual, expected: outputs, tolerance: f32(64) });
    } finally {
      await file.close();
    }
  }
});

test("Keras 2's description: layers in its order, frozen where it says so", async () => {
  const { model } = await modelOf("keras2-model.h5");
  const { layers, trainable, nonTrainable } = describeModel(model);
  assert.equal(
    layers.map(({ name }) => name),
    ["input_1", "conv1_conv", "conv2_block1_preact_bn", "conv2_block1_preact_relu", "out"].concat(
      "avg_pool",
      "predictions",
    ),
  );
  assert.is(trainable, 3 * 3 * 3 * 4 + 4 + 40 + 10);
  assert.is(nonTrainable, 16);
  assert.equal(layers.at(4)?.inputs, ["conv1_conv", "conv2_block1_preact_relu"]);
});

test("a frozen base within a model has no trainable weights", async () => {
  for (const name of ["keras3-nested.keras", "keras3-nested.h5"]) {
    const { model } = await modelOf(name);
    assert.is(describeModel(model).trainable, 4 * 3 + 3, name);
  }
});

type Edit = (layer: { class_name: string; config: Record<string, unknown> }) => void;

/** The description with something about one layer changed. */
function edited(config: unknown, index: number, edit: Edit): unknown {
  const copy = structuredClone(config) as { config: { layers: Parameters<Edit>[0][] } };
  const layer = copy.config.layers[index];
  assert.ok(layer);
  edit(layer);
  return copy;
}

test("refuses classes and options that we have not, with the layer's name", async () => {
  const { config } = await modelOf("keras2-model.h5");
  const set = (option: string, value: unknown): Edit => {
    return (layer) => {
      layer.config[option] = value;
    };
  };
  const cases: readonly (readonly [number, Edit, RegExp])[] = [
    [
      1,
      (l) => Object.assign(l, { class_name: "Conv3D" }),
      /conv1_conv must be of a known class, got Conv3D/,
    ],
    [
      1,
      (l) => Object.assign(l, { class_name: "toString" }),
      /must be of a known class, got toString/,
    ],
    [
      1,
      set("data_format", "channels_first"),
      /conv1_conv \(Conv2D\): data_format must be "channels_last"/,
    ],
    [1, set("groups", 2), /groups must be 1, got 2/],
    [1, set("dilation_rate", [2, 2]), /dilation_rate must be \[1,1\] or 1, got \[2,2\]/],
    [1, set("activation", "gelu"), /activation must be linear, relu, tanh, sigmoid, got "gelu"/],
    [1, set("dtype", "mixed_float16"), /dtype must be float32, got "mixed_float16"/],
    [1, set("kernel_constraint", { class_name: "MaxNorm" }), /kernel_constraint must be unset/],
    [1, set("kernel_regularizer", { class_name: "L1", config: { l1: 0.1 } }), /must be none or L2/],
    [1, set("lora_rank", 4), /conv1_conv \(Conv2D\): lora_rank must be unset, got 4/],
    [2, set("axis", [1]), /axis must be -1 or .*, got \[1\]/],
    [2, set("scale", false), /scale must be true, got false/],
    [6, set("units", "ten"), /predictions \(Dense\): units must be a number, got "ten"/],
  ];
  for (const [index, edit, message] of cases) {
    assert.throws(() => modelFromConfig(edited(config, index, edit), "m.h5"), message);
  }
});

test("refuses graphs that it cannot follow", async () => {
  const { config } = await modelOf("keras2-model.h5");
  const rewire = (index: number, nodes: unknown) =>
    edited(config, index, (layer) => Object.assign(layer, { inbound_nodes: nodes }));
  const call = (...names: string[]) => [names.map((name) => [name, 0, 0, {}])];
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [rewire(3, call("predictions")), /must take tensors of layers before it/],
    [rewire(3, [...call("conv1_conv"), ...call("input_1")]), /must be used once, got 2 uses/],
    [rewire(3, [[["conv1_conv", 0, 0, { mask: 1 }]]]), /must be called with tensors and training/],
    [rewire(6, "x"), /inbound_nodes: must be a list/],
    [edited(config, 3, (l) => Object.assign(l.config, { name: "conv1_conv" })), /conv1_conv twice/],
    [
      edited(config, 0, (l) =>
        Object.assign(l.config, { batch_input_shape: [null, null, null, 3] }),
      ),
      /shape of its input/,
    ],
    [{ class_name: "Recipe", config: {} }, /must be Sequential or Functional, got "Recipe"/],
    [{ class_name: "Functional", config: { layers: 3 } }, /layers: must be a list, got 3/],
    [null, /must be an object, got null/],
  ];
  for (const [description, message] of cases) {
    assert.throws(() => modelFromConfig(description, "m.h5"), message);
  }
});

test("Sequential, in Keras 1's, 2's and 3's spelling", () => {
  const dense = (config: object) => ({ class_name: "Dense", config });
  const first = { name: "dense", units: 4, activation: "relu", use_bias: true };
  const last = { name: "dense_1", units: 2, activation: "softmax", use_bias: true };
  const shape = { batch_input_shape: [null, 3] };
  const input = { class_name: "InputLayer", config: { name: "in", batch_shape: [null, 3] } };
  const descriptions = [
    { class_name: "Sequential", config: [dense({ ...first, ...shape }), dense(last)] },
    {
      class_name: "Sequential",
      config: { name: "s", layers: [dense({ ...first, ...shape }), dense(last)] },
    },
    { class_name: "Sequential", config: { name: "s", layers: [input, dense(first), dense(last)] } },
    {
      class_name: "Sequential",
      config: { name: "s", layers: [dense(first), dense(last)], build_input_shape: [null, 3] },
    },
  ];
  for (const description of descriptions) {
    const { layers } = describeModel(modelFromConfig(description, "s.h5"));
    const shapes = layers.flatMap(({ weights }) => weights.map((w) => formatShape(w.shape)));
    assert.equal(shapes, ["(3, 4)", "(4,)", "(4, 2)", "(2,)"]);
  }
});

test.run();
