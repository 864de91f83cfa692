// One small network of Keras 3 for each layer that we read: it predicts what Keras predicts (fixtures/keras-layers.py), and
// what we write of it, in either dialect, is the same network again.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { describeModel, variablesOf } from "../../src/engine/layers/model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras2Config } from "../../src/models/architecture/keras2.ts";
import { keras3Config } from "../../src/models/architecture/keras3.ts";
import { modelFromConfig } from "../../src/models/architecture/model-from-config.ts";
import { assertClose, f32 } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { predict } from "./predict.ts";

interface Recorded {
  readonly name: string;
  readonly model: unknown;
  /** By path: `conv2d/kernel`. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const FILE = new URL("../fixtures/keras-layers.json", import.meta.url);
const RECORDED: readonly Recorded[] = JSON.parse(readFileSync(FILE, "utf8"));

const test = suite("layers of Keras 3");

for (const { name, model: description, weights, inputs, outputs } of RECORDED) {
  test(name, async () => {
    const model = modelFromConfig(description, name);
    const names = [...variablesOf(model)].map((variable) => variable.name);
    assert.equal(names.sort(), Object.keys(weights).sort());
    const values = Object.entries(weights).map(
      ([path, list]) => [path, Float32Array.from(list)] as const,
    );
    const actual = await predict(await gpu(), {
      model,
      weights: new Map(values),
      inputs: Float32Array.from(inputs),
    });
    const shape = [outputs.length];
    // Keras runs in float32, and its activations are approximations as well.
    assertClose({ label: name, shape, actual, expected: outputs, tolerance: f32(64) });
  });
}

/** What a layer computes, whatever it is called, and whether it says what is the only way or the default: older Keras may not. */
const essence = (description: unknown) =>
  describeModel(modelFromConfig(description, "m")).layers.map(({ site: _, config, ...layer }) => {
    const isUnsaid = ([field, value]: readonly [string, unknown]) =>
      field === "data_format" ||
      (field === "seed" && value === null) ||
      (field === "value_range" && layer.className === "RandomContrast");
    const settings = Object.entries(config).filter((entry) => !isUnsaid(entry));
    return { ...layer, config: Object.fromEntries(settings) };
  });

/** What no layer of Keras does. */
const UNWRITABLE = ["slices", "vgg's preprocess_input"];

for (const { name, model: description } of RECORDED) {
  if (UNWRITABLE.includes(name)) {
    test(`${name} cannot be written`, () => {
      const exported = exportedModel(modelFromConfig(description, name));
      assert.throws(
        () => keras3Config(exported),
        /must be one that Keras files can hold, got GetItem/,
      );
    });
    continue;
  }
  test(`${name}, written and read again`, () => {
    const exported = exportedModel(modelFromConfig(description, name));
    const again = (config: unknown) => JSON.parse(JSON.stringify(config));
    assert.equal(essence(again(keras3Config(exported))), essence(description));
    if (name.endsWith("hard_sigmoid")) return;
    // Keras 2 had no such function.
    if (name.endsWith("leaky_relu")) return;
    const older = JSON.stringify(keras2Config(exported));
    assert.equal(essence(JSON.parse(older)), essence(description));
    // TF-Keras does not open a file that says more than its class knows.
    assert.not.match(older, /"class_name":"Random\w+","config":\{[^{}]*"data_format"/);
    assert.not.match(older, /"class_name":"RandomContrast","config":\{[^{}]*"value_range"/);
  });
}

/** As Keras writes the activation of a layer that is one itself. */
const asLayer = (class_name: string, config: object, position: string) => ({
  wanted: position,
  activation: { module: "keras.layers", class_name, config, registered_name: null },
});

for (const { activation, wanted } of [
  asLayer("PReLU", {}, 'got "PReLU" at position 1'),
  asLayer("Mix", {}, 'got "Mix" at position 1'),
  asLayer("ReLU", { max_value: "much" }, 'max_value must be a number, got "much" at position 1'),
  asLayer("ELU", { alpha: 1, beta: 2 }, "beta must be unset, got 2 at position 1"),
  asLayer("Softmax", { axis: 1 }, "axis must be -1 or [-1], got 1 at position 1"),
  { activation: "sparsemax", wanted: 'got "sparsemax" at position 1' },
  { activation: "glu", wanted: 'got "glu" at position 1' },
]) {
  test(`refused with its position and what to use: ${wanted}`, () => {
    const found = RECORDED.find(({ name }) => name === "convolution with a layer");
    const text = JSON.stringify(found?.model, (key, value) =>
      key === "activation" ? activation : value,
    );
    assert.throws(
      () => modelFromConfig(JSON.parse(text), "m"),
      (error: unknown) =>
        error instanceof VitrineError &&
        error.message.endsWith(wanted) &&
        (error.help !== undefined || wanted.includes("must be a number")),
    );
  });
}

/** Of a recorded network, what is changed in its one layer. */
const UNKNOWN: readonly (readonly [string, object, wanted: string, help: string])[] = [
  [
    "resizing bilinear",
    { interpolation: "bicubic" },
    'interpolation must be bilinear, nearest, got "bicubic"',
    "bilinear and nearest are",
  ],
  [
    "resizing bilinear",
    { interpolation: "area" },
    'interpolation must be bilinear, nearest, got "area"',
    "bilinear and nearest are",
  ],
  [
    "resizing bilinear",
    { antialias: true },
    "antialias must be false, got true",
    "AveragePooling2D before it smooths",
  ],
  [
    "resizing bilinear",
    { pad_to_aspect_ratio: true },
    "pad_to_aspect_ratio must be false, got true",
    "ZeroPadding2D",
  ],
  [
    "up bilinear",
    { interpolation: "bicubic" },
    'interpolation must be bilinear, nearest, got "bicubic"',
    "bilinear and nearest are",
  ],
  [
    "transposed valid",
    { dilation_rate: [2, 2] },
    "dilation_rate must be [1,1] or 1, got [2,2]",
    "UpSampling2D and a Conv2D",
  ],
  ["transposed valid", { groups: 2 }, "groups must be 1, got 2", "a Conv2DTranspose of one group"],
  [
    "transposed valid",
    { output_padding: [1, -1] },
    "takes whole numbers of at least 0, got 1,-1",
    "",
  ],
  ["depthwise", { groups: 2 }, "groups must be 1, got 2", "a group for every channel"],
  [
    "layer normalization",
    { rms_scaling: true },
    "rms_scaling must be false, got true",
    "LayerNormalization without it",
  ],
  ["layer normalization of images", { axis: [0, 1] }, "in rising order, got 0,1", ""],
  [
    "group normalization of rows",
    { axis: [1, 2] },
    "axis must be one axis, got [1,2]",
    "Permute before and after it",
  ],
  [
    "normalization",
    { axis: 1 },
    "axis must be -1 or [-1] or 3 or [3], got 1",
    "Permute before and after it",
  ],
  [
    "dilated",
    { data_format: "channels_first" },
    'data_format must be "channels_last", got "channels_first"',
    "channels_last",
  ],
  [
    "dilated",
    { dtype: { class_name: "QuantizedDTypePolicy", config: { mode: "int8" } } },
    'dtype must be of floats, not quantised, got "int8"',
    "save the model before model.quantize",
  ],
  [
    "dilated",
    { lora_rank: 4 },
    "lora_rank must be unset, got 4",
    "leave it as Keras has it by default",
  ],
];

for (const [of, settings, wanted, help] of UNKNOWN) {
  test(`${of} with ${JSON.stringify(settings)} is refused with its position and what to use`, () => {
    const found = RECORDED.find(({ name }) => name === of);
    const text = JSON.stringify(found?.model, (_, value) => {
      const isIts = typeof value?.config === "object" && "inbound_nodes" in value;
      const isInput = value?.class_name === "InputLayer";
      return isIts && !isInput ? { ...value, config: { ...value.config, ...settings } } : value;
    });
    const build = () => describeModel(modelFromConfig(JSON.parse(text), "m"));
    assert.throws(build, (error: unknown) => {
      assert.ok(error instanceof VitrineError);
      assert.ok(error.message.endsWith(`${wanted} at position 1`), error.message);
      assert.ok((error.help ?? "").includes(help), error.help);
      return true;
    });
  });
}

test("layers that are activations are written as such, in both dialects", () => {
  for (const [of, className, field] of [
    ["convolution with a layer", "ReLU", '"max_value":1.5'],
    ["depthwise with a layer", "ELU", '"alpha":0.5'],
  ]) {
    const found = RECORDED.find(({ name }) => name === of);
    const exported = exportedModel(modelFromConfig(found?.model, "m"));
    for (const config of [keras2Config, keras3Config]) {
      const text = JSON.stringify(config(exported));
      assert.match(text, new RegExp(`"class_name":"${className}","config":\\{[^}]*${field}`));
    }
  }
  const leaky = RECORDED.find(({ name }) => name === "dense with a layer");
  const exported = exportedModel(modelFromConfig(leaky?.model, "m"));
  assert.match(JSON.stringify(keras2Config(exported)), /"LeakyReLU","config":\{"alpha":0\.1\}/);
  assert.match(JSON.stringify(keras3Config(exported)), /"LeakyReLU","config":\{"negative_slope":0/);
});

test("hard_sigmoid means what the Keras that wrote it means, and is not written where that does not show", () => {
  const found = RECORDED.find(({ name }) => name === "activation hard_sigmoid");
  assert.ok(found);
  const text = JSON.stringify(found.model);
  const exported = exportedModel(modelFromConfig(JSON.parse(text), "m"));
  assert.throws(
    () => keras2Config(exported),
    (error: unknown) =>
      error instanceof VitrineError && error.message.includes("Keras 2 and 3 differ"),
  );
  const old = modelFromConfig(JSON.parse(text.replaceAll("batch_shape", "batch_input_shape")), "m");
  assert.is(describeModel(old).layers.at(-1)?.config["activation"], "hard_sigmoid_keras2");
  assert.throws(() => keras3Config(exportedModel(old)), "Keras 2 and 3 differ");
});

test.run();
