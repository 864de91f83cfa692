// Functions that Keras 2's functional models call, as its files spell them (those of Keras 3 are in layer-files.test.ts).

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras2Config } from "../../src/models/architecture/keras2.ts";
import { modelFromConfig } from "../../src/models/architecture/model-from-config.ts";
import { assertClose, f32 } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";
import { predict } from "./predict.ts";

const test = suite("operations");

const SHAPE = [3, 4, 2] as const;

interface Called {
  readonly name: string;
  readonly function: string;
  /** As in `inbound_nodes`. */
  readonly call: unknown;
}

function modelOf(...calls: readonly Called[]) {
  const config = { batch_input_shape: [null, ...SHAPE], dtype: "float32", name: "x" };
  const input = { class_name: "InputLayer", config, name: "x", inbound_nodes: [] };
  const layers = calls.map(({ name, function: called, call }) => ({
    class_name: called.endsWith("getitem") ? "SlicingOpLambda" : "TFOpLambda",
    config: { name, trainable: true, dtype: "float32", function: called },
    name,
    inbound_nodes: [call],
  }));
  const output = [[calls.at(-1)?.name ?? "x", 0, 0]];
  const own = { name: "m", layers: [input, ...layers], input_layers: [["x", 0, 0]] };
  return { class_name: "Functional", config: { ...own, output_layers: output } };
}

async function check(calls: readonly Called[], of: (x: Float32Array) => readonly number[]) {
  const inputs = Float32Array.from(randomArray(24, 5));
  const model = modelFromConfig(modelOf(...calls), "m.h5");
  const actual = await predict(await gpu(), { model, weights: new Map(), inputs });
  const expected = of(inputs);
  const shape = [expected.length];
  assertClose({ label: "y", shape, actual, expected, tolerance: f32(4) });
}

const one = (name: string, keywords: object, called = name): Called => ({
  name: `tf.${name}`,
  function: called,
  call: ["x", 0, 0, keywords],
});

test("a constant second, first, and one a channel", async () => {
  await check([one("math.truediv", { y: 255, name: null })], (x) => [...x].map((v) => v / 255));
  await check([one("__operators__.add", { y: 2, name: null })], (x) => [...x].map((v) => v + 2));
  await check(
    [
      {
        name: "s",
        function: "math.subtract",
        call: ["_CONSTANT_VALUE", -1, 1, { y: ["x", 0, 0] }],
      },
    ],
    (x) => [...x].map((v) => 1 - v),
  );
  await check([one("nn.bias_add", { bias: [1, -1], data_format: "NHWC" })], (x) =>
    [...x].map((v, i) => v + (i % 2 ? -1 : 1)),
  );
});

test("two tensors, a list of them, and one whose name is a tensor's", async () => {
  const half: Called = { name: "half", function: "math.multiply", call: ["x", 0, 0, { y: 0.5 }] };
  const sum: Called = {
    name: "sum",
    function: "__operators__.add",
    call: ["x", 0, 0, { y: ["half", 0, 0] }],
  };
  await check([half, sum], (x) => [...x].map((v) => 1.5 * v));
  const call = [
    ["x", 0, 0, { axis: -1 }],
    ["half", 0, 0, { axis: -1 }],
  ];
  await check([half, { name: "tf.concat", function: "concat", call }], (x) =>
    Array.from({ length: 12 }, (_, i) => {
      const pixel = [...x.subarray(2 * i, 2 * i + 2)];
      return [...pixel, ...pixel.map((v) => v / 2)];
    }).flat(),
  );
});

test("slices, with an ellipsis", async () => {
  const back = { start: null, stop: null, step: -1 };
  await check(
    [one("__operators__.getitem", { slice_spec: [{ class_name: "__ellipsis__" }, back] })],
    (x) => [...x].map((_, i) => x[i % 2 ? i - 1 : i + 1] ?? Number.NaN),
  );
  const all = { start: null, stop: null, step: null };
  await check(
    [one("__operators__.getitem", { slice_spec: [all, { start: 1, stop: 2, step: null }, 0] })],
    (x) => [...x.subarray(8, 10)],
  );
});

test("activations and sizes", async () => {
  await check([one("nn.relu", { name: null })], (x) => [...x].map((v) => Math.max(v, 0)));
  await check([one("nn.leaky_relu", { alpha: 0.1 })], (x) =>
    [...x].map((v) => (v < 0 ? 0.1 * v : v)),
  );
  await check([one("cast", { dtype: "float32" })], (x) => [...x]);
  await check([one("image.resize", { size: [3, 4], method: "nearest" })], (x) => [...x]);
});

test("what cannot be computed as Keras does is refused with its name", () => {
  const refused = (call: Called, message: string | RegExp) =>
    assert.throws(() => modelFromConfig(modelOf(call), "m.h5"), message);
  refused(one("linalg.det", {}), /tf.linalg.det must call a known function, got linalg.det/);
  refused(
    one("image.resize", { size: [6, 8], antialias: true }),
    /antialias must be unset, got true/,
  );
  refused(
    one("image.resize", { size: [6, 8], method: "bicubic" }),
    /method must be bilinear or nearest/,
  );
  refused(one("cast", { dtype: "uint8" }), /dtype must be "float32", got "uint8"/);
  refused(one("nn.softmax", { axis: 1 }), /axis must be -1, got 1/);
  refused(
    { name: "d", function: "math.truediv", call: ["_CONSTANT_VALUE", -1, 1, { y: ["x", 0, 0] }] },
    /must be a tensor, got 1/,
  );
});

/** A layer of TensorFlow 1.15, as a chain has it: its node computes with what the one before gives. */
function node(op: string, constants: Readonly<Record<string, unknown>>, attr: object = {}) {
  const inputs = [op, ...Object.keys(constants)].map((_, place) => `input/${place}`);
  const node_def = { name: op, op, input: inputs, attr: { T: { type: "DT_FLOAT" }, ...attr } };
  return { op, config: { name: op, node_def, constants } };
}

function graphOf(...nodes: readonly ReturnType<typeof node>[]) {
  const whole = modelOf();
  const [input] = whole.config.layers;
  const layers = nodes.map(({ op, config }, index) => ({
    class_name: "TensorFlowOpLayer",
    ...{ name: `tf_op_layer_${op}`, config },
    inbound_nodes: [[[index === 0 ? "x" : `tf_op_layer_${nodes[index - 1]?.op}`, 0, 0, {}]]],
  }));
  const output_layers = [[layers.at(-1)?.name, 0, 0]];
  return { ...whole, config: { ...whole.config, layers: [input, ...layers], output_layers } };
}

const LAST_REVERSED = node(
  "StridedSlice",
  { 1: [0, 0], 2: [0, 0], 3: [1, -1] },
  {
    ...{ begin_mask: { i: "2" }, end_mask: { i: "2" }, ellipsis_mask: { i: "1" } },
    ...{ new_axis_mask: { i: "0" }, shrink_axis_mask: { i: "0" }, Index: { type: "DT_INT32" } },
  },
);

test("nodes of TensorFlow 1.15's graphs: constants by their places, settings as attributes", async () => {
  const graph = graphOf(
    LAST_REVERSED,
    node("BiasAdd", { 1: [1, -1] }, { data_format: { s: "TkhXQw==" } }),
    node("Sub", { 0: 1 }),
    node("RealDiv", { 1: 4 }),
    node("LeakyRelu", {}, { alpha: { f: 0.25 } }),
  );
  const inputs = Float32Array.from(randomArray(24, 5));
  const expected = [...inputs].map((_, i) => {
    const isOdd = i % 2 === 1;
    const v = (1 - ((inputs[isOdd ? i - 1 : i + 1] ?? 0) + (isOdd ? -1 : 1))) / 4;
    return v < 0 ? v * 0.25 : v;
  });
  const asText = JSON.parse(JSON.stringify(graph));
  for (const layer of asText.config.layers.slice(1)) {
    layer.config.node_def = JSON.stringify(layer.config.node_def);
  }
  const model = modelFromConfig(asText, "m.h5");
  assert.equal(modelFromConfig(graph, "m.h5").inputShape, model.inputShape);
  const actual = await predict(await gpu(), { model, weights: new Map(), inputs });
  assertClose({ label: "y", shape: [24], actual, expected, tolerance: f32(4) });
});

test("TensorFlow 1 resizes from the corners of pixels, which no layer of Keras's does", async () => {
  const corners = { half_pixel_centers: { b: false }, align_corners: { b: false } };
  const graph = graphOf(node("ResizeBilinear", { 1: [6, 2] }, corners));
  const model = modelFromConfig(graph, "m.h5");
  const inputs = Float32Array.from(randomArray(24, 5));
  const at = (row: number, column: number, channel: number) =>
    inputs[(Math.min(row, 2) * 4 + column) * 2 + channel] ?? Number.NaN;
  const expected = Array.from({ length: 24 }, (_, i) => {
    const [row, column, channel] = [(i >> 2) / 2, ((i >> 1) % 2) * 2, i % 2] as const;
    const top = Math.floor(row);
    return at(top, column, channel) * (1 - row + top) + at(top + 1, column, channel) * (row - top);
  });
  const actual = await predict(await gpu(), { model, weights: new Map(), inputs });
  assertClose({ label: "y", shape: [24], actual, expected, tolerance: f32(4) });
  const written = () => keras2Config(exportedModel(model));
  assert.throws(written, /must be one that Keras files can hold, got ResizingFromCorners/);
});

test("nodes that compute otherwise are refused by what makes them do so", () => {
  const refused = (op: string, constants: Readonly<Record<string, unknown>>, attr: object) =>
    assert.throws(
      () => modelFromConfig(graphOf(node(op, constants, attr)), "m.h5"),
      REASONS[op] ?? /none/,
    );
  const REASONS: Readonly<Record<string, RegExp>> = {
    ResizeNearestNeighbor: /align_corners must be unset, got true/,
    Relu: /layer tf_op_layer_Relu \(nn\.relu\): dtype must be unset, got "DT_HALF"/,
    Mean: /keep_dims must be unset, got true/,
    Pow: /layer tf_op_layer_Pow must call a known function, got Pow/,
    StridedSlice: /new_axis_mask must be unset, got 1/,
  };
  const corners = { half_pixel_centers: { b: true }, align_corners: { b: true } };
  refused("ResizeNearestNeighbor", { 1: [2, 2] }, corners);
  refused("Relu", {}, { T: { type: "DT_HALF" } });
  refused("Mean", { 1: [1, 2] }, { keep_dims: { b: true } });
  refused("Pow", { 1: 2 }, {});
  refused("StridedSlice", { 1: [0], 2: [0], 3: [1] }, { new_axis_mask: { i: "1" } });
});

test.run();
