// Models built from Keras's own descriptions of them: they predict what Keras predicts, and what we have not is refused.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatShape } from "../../src/engine/core/shape.ts";
import { describeModel, type Model } from "../../src/engine/layers/model.ts";
import { Net } from "../../src/engine/layers/net.ts";
import { Variables } from "../../src/engine/layers/variables.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { assignWeights } from "../../src/keras/weights/assign-weights.ts";
import { readingNotes } from "../../src/keras/weights/reading-notes.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import { modelFromConfig } from "../../src/models/architecture/model-from-config.ts";
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
      /conv1_conv must be of a known class, got Conv3D at position \d+/,
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
    [1, set("groups", "two"), /groups must be a number, got "two"/],
    [1, set("activation", "glu"), /activation must be linear, relu, tanh, .*, got "glu"/],
    [1, set("dtype", "int8"), /dtype must be of floats, not quantised, got "int8"/],
    [
      1,
      set("dtype", { class_name: "QuantizedDTypePolicy", config: { mode: "int8" } }),
      /conv1_conv \(Conv2D\): dtype must be of floats, not quantised, got "int8"/,
    ],
    [1, set("kernel_constraint", "MaxNorm"), /kernel_constraint must be unset, got "MaxNorm"/],
    [1, set("lora_rank", 4), /conv1_conv \(Conv2D\): lora_rank must be unset, got 4/],
    [2, set("axis", [1, 2]), /axis must be one axis, got \[1,2\]/],
    [2, set("axis", "last"), /axis must be one axis, got "last"/],
    [2, set("scale", 1), /scale must be true or false, got 1/],
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
    [rewire(3, [[["conv1_conv", 0, 0, { mask: 1 }]]]), /must be called with tensors and training/],
    [
      rewire(3, [[["conv1_conv", 0, 1, {}]]]),
      /layers must give one tensor each, got \["conv1_conv",0,1\]/,
    ],
    [
      rewire(2, [[["conv1_conv", 0, 0, { training: true }]]]),
      /\(conv2_block1_preact_bn\): a BatchNormalization must be called without training=True/,
    ],
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

/** A chain of chains, by the names of the models and of their layers. */
function chains(models: readonly (readonly [model: string, layers: readonly string[]])[]): object {
  const dense = (name: string) => ({ class_name: "Dense", config: { name, units: 2 } });
  const layers = models.map(([name, inner]) => ({
    ...{ class_name: "Sequential", config: { name, layers: inner.map(dense) } },
  }));
  const config = { name: "chains", layers, build_input_shape: [null, 2] };
  return { class_name: "Sequential", config };
}

test("a layer of a model within the model has the longer name where another has its own", () => {
  const namesOf = (...models: Parameters<typeof chains>[0]) =>
    describeModel(modelFromConfig(chains(models), "m.h5")).layers.map(({ name }) => name);
  assert.equal(namesOf(["left", ["a", "b"]], ["right", ["b", "a"]]), [
    ...["a", "b", "right_b", "right_a"],
  ]);
  assert.throws(() => namesOf(["left", ["a", "a"]]), /names of their own, got a twice/);
  assert.throws(() => namesOf(["left", ["a", "b_a"]], ["b", ["a"]]), /of their own, got a twice/);
});

/** Batch normalisation of three features, alone. */
function normalizing(config: object): Model {
  const input = { class_name: "InputLayer", config: { name: "in", batch_shape: [null, 3] } };
  const own = { name: "bn", momentum: 0.9, epsilon: 0.01, ...config };
  const layers = [input, { class_name: "BatchNormalization", config: own }];
  return modelFromConfig({ class_name: "Sequential", config: { name: "s", layers } }, "s.h5");
}

test("without gamma or beta, a batch is normalised as float64 does it", async () => {
  const device = await gpu();
  const values = {
    gamma: [2, -1, 0.5],
    beta: [1, 2, -3],
    mean: [0.1, 0.2, -4],
    variance: [1, 9, 0.25],
  };
  const named = (name: string, data: readonly number[]) =>
    [`bn/${name}`, Float32Array.from(data)] as const;
  const moving = [named("moving_mean", values.mean), named("moving_variance", values.variance)];
  const x = [1, -2, 3, 0.5, 7, -9];
  for (const scale of [true, false]) {
    for (const center of [true, false]) {
      const expected = x.map((value, i) => {
        const c = i % 3;
        const deviation = Math.sqrt((values.variance[c] ?? 0) + 0.01);
        const unit = (value - (values.mean[c] ?? 0)) / deviation;
        return unit * (scale ? (values.gamma[c] ?? 0) : 1) + (center ? (values.beta[c] ?? 0) : 0);
      });
      const own = [
        ...(scale ? [named("gamma", values.gamma)] : []),
        ...(center ? [named("beta", values.beta)] : []),
      ];
      const weights = new Map([...own, ...moving]);
      const model = normalizing({ axis: [1], scale, center });
      const actual = await predict(device, { model, weights, inputs: Float32Array.from(x) });
      const label = `scale ${scale}, center ${center}`;
      assertClose({ label, shape: [2, 3], actual, expected, tolerance: f32(8) });
    }
  }
});

test("batch normalisation over the last axis, as Keras 2 and 3 write it", () => {
  const weights = (config: object) =>
    describeModel(normalizing(config)).layers.flatMap((layer) =>
      layer.weights.map(({ name }) => name),
    );
  const moving = ["bn/moving_mean", "bn/moving_variance"];
  for (const axis of [-1, [-1], 1, [1]]) {
    assert.equal(weights({ axis }), ["bn/gamma", "bn/beta", ...moving]);
  }
  assert.equal(weights({ axis: 1, scale: false }), ["bn/beta", ...moving]);
  assert.equal(weights({ axis: 1, center: false }), ["bn/gamma", ...moving]);
  assert.equal(weights({ axis: 1, center: false, scale: false }), moving);
  for (const axis of [0, 2, [3], -2]) {
    assert.throws(() => weights({ axis }), /bn \(BatchNormalization\): axis must be -1 or 1, got/);
  }
});

test("other floats than float32 are taken, and told", async () => {
  const { config } = await modelOf("keras2-model.h5");
  const policy = { class_name: "Policy", config: { name: "mixed_float16" } };
  for (const dtype of ["float64", "bfloat16", policy]) {
    const other = edited(config, 1, (layer) => Object.assign(layer.config, { dtype }));
    assert.is(describeModel(modelFromConfig(other, "m.h5")).layers.length, 7);
    const name = typeof dtype === "string" ? dtype : "mixed_float16";
    const expected = [`1 layers compute in ${name} in Keras, and in float32 here`];
    assert.equal(readingNotes({ layers: [], modelConfig: other }), expected);
  }
  assert.equal(readingNotes({ layers: [], modelConfig: config }), []);
  const file = await openWeightFile(fixture("keras2-weights-float64.h5"));
  await file.close();
  assert.equal(readingNotes(file), ["8 weights are stored as float64, and read as float32"]);
});

test("refuses code of the model's author, by the layer's place and name", async () => {
  const { config } = await modelOf("keras3-model.keras");
  const place = /m\.keras: layer #1 \(pad\): a layer must be of Keras's own code, got /;
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ class_name: "Lambda" }, /got a Lambda, which is a function in Python$/],
    [{ class_name: "Mix", module: "__main__", registered_name: "Mix" }, /got Mix, a class/],
    [{ class_name: "Mix", module: null, registered_name: "Mix" }, /got Mix, a class/],
    [{ class_name: "Mix", registered_name: "Custom>Mix" }, /got Custom>Mix, a class of/],
    [{ class_name: "Custom>Mix", registered_name: undefined }, /got Custom>Mix, a class of/],
  ];
  for (const [change, message] of cases) {
    const other = edited(config, 1, (layer) => Object.assign(layer, change));
    assert.throws(() => modelFromConfig(other, "m.keras"), place);
    assert.throws(() => modelFromConfig(other, "m.keras"), message);
  }
});

test("refuses several inputs and outputs, with their names", () => {
  const input = (name: string) => ({
    class_name: "InputLayer",
    config: { name, batch_input_shape: [null, 3] },
    inbound_nodes: [],
  });
  const config = { name: "m", layers: [input("a"), input("b")], output_layers: [["a", 0, 0]] };
  assert.throws(
    () => modelFromConfig({ class_name: "Functional", config }, "m.h5"),
    /m\.h5: a model must have one input and one output, got 2 \(a, b\) and 1 \(a\)/,
  );
});

test("what only training knows does not hinder predictions, and training is refused", async () => {
  const { config } = await modelOf("keras2-model.h5");
  const l1 = { class_name: "L1", config: { l1: 0.1 } };
  const both = { class_name: "L1L2", config: { l1: 0.1, l2: 0.2 } };
  const norm = { class_name: "MaxNorm", config: { max_value: 3, axis: 0 } };
  const options = [
    ["kernel_regularizer", { class_name: "OrthogonalRegularizer", config: { factor: 0.1 } }],
    ["bias_regularizer", l1],
    ["activity_regularizer", both],
    ["kernel_constraint", norm],
  ] as const;
  for (const [option, value] of options) {
    const other = edited(config, 1, (layer) => Object.assign(layer.config, { [option]: value }));
    const model = modelFromConfig(other, "m.h5");
    assert.is(describeModel(model).layers.length, 7, option);
    assert.throws(
      () => record(model, true),
      (error: Error) =>
        error.message ===
        `m.h5: layer conv1_conv (Conv2D) can predict, but not be trained, got ${option}`,
    );
  }
  record(modelFromConfig(config, "m.h5"), true);
});

/** Records two rows of the model. */
function record(model: Model, training: boolean): void {
  const capabilities = { subgroupSize: null, isSoftware: true };
  const rec = new Recorder({ name: "record", capabilities });
  const net = new Net({ rec, variables: new Variables(0), training, clock: null });
  model.build(net, rec.allocate([2, ...model.inputShape], "x"));
}

test("a base called with training=True: Keras 2 obeys also when it predicts, Keras 3 does not", async () => {
  for (const name of ["keras3-nested.keras", "keras3-nested.h5"]) {
    const { config } = await modelOf(name);
    const text = JSON.stringify(config).replaceAll('"training":false', '"training":true');
    assert.not.equal(JSON.parse(text), config, name);
    assert.is(describeModel(modelFromConfig(JSON.parse(text), name)).layers.length, 6, name);
  }
  const name = "../zoo/tf215/nested_functional.keras";
  const { config } = await modelOf(name);
  const index = (
    config as { config: { layers: { class_name: string }[] } }
  ).config.layers.findIndex((layer) => layer.class_name === "Functional");
  const called = edited(config, index, (layer) => {
    const inputs = (layer as unknown as { inbound_nodes: [[[string, number, number, object]]] })
      .inbound_nodes;
    inputs[0][0][3] = { training: true };
  });
  assert.throws(
    () => modelFromConfig(called, "m.keras"),
    /a Functional must be called without training=True, got training=True, and it holds a BatchNorm/,
  );
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
