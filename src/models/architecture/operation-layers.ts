// The functions that functional models call, as the layers that compute the same: `x / 255.0` is a Rescaling. So they can be
// written to files as well, but for slices.

import { FormatError } from "../../engine/core/errors.ts";
import { sizeOf } from "../../engine/core/shape.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import type { ActivationName } from "../../engine/layers/activation-names.ts";
import { leakyRelu, softmaxLayer } from "../../engine/layers/activations.ts";
import { reshape, resizing, resizingFromCorners } from "../../engine/layers/images.ts";
import { concatenateBranches, type Merging, mergeBranches } from "../../engine/layers/merging.ts";
import type { Layer, Net } from "../../engine/layers/net.ts";
import { globalAveragePooling2d, globalMaxPooling2d } from "../../engine/layers/pooling.ts";
import { rescaling } from "../../engine/layers/scaling.ts";
import { activation } from "../../engine/layers/shaping.ts";
import type { PerChannel } from "../../engine/ops/affine.ts";
import { concatenate as concatenateOp } from "../../engine/ops/concatenate.ts";
import { reshape as reshapeOp } from "../../engine/ops/reshape.ts";
import { INTERPOLATIONS } from "../../engine/ops/resize.ts";
import { apply } from "../../engine/program/tape.ts";
import type { LayerSpec } from "./model-config.ts";
import { Operands } from "./operands.ts";
import { slicesOf } from "./slices.ts";

/** Records an operation from the tensors that it takes. */
type Recording = (net: Net, inputs: readonly Tensor[]) => Tensor;
type Builder = (operands: Operands) => Recording;

/** Throws FormatError, naming the layer and the function or the argument, for what we cannot compute as Keras does. */
export function layerFromOperation(spec: LayerSpec, where: string): Recording {
  const operands = new Operands(spec, where);
  const { function: called } = operands;
  const builder = Object.hasOwn(BUILDERS, called) ? BUILDERS[called] : undefined;
  if (!builder) {
    throw new FormatError(
      `${where}: layer ${spec.name} must call a known function, got ${called}`,
      { help: `known are ${Object.keys(BUILDERS).join(", ")}` },
    );
  }
  const recording = builder(operands);
  operands.finish();
  return recording;
}

/** An operation of its first argument, once the others are read. */
function ofOne(build: (operands: Operands) => Layer): Builder {
  return (operands) => {
    const first = operands.take(0, ...FIRST);
    if (!first || !("layer" in first)) throw operands.refused("x", "one tensor", first);
    const layer = build(operands);
    return (net, [x]) => {
      if (!x) throw operands.refused("x", "one tensor", "none");
      return layer(net, x);
    };
  };
}

/** What functions call their first argument. */
const FIRST = ["x", "x1", "a", "input", "inputs", "images", "image", "value", "features", "logits"];
const SECOND = ["y", "x2", "b", "bias"];

/** Of two tensors a merge; of a tensor and a constant a line, from what the constant makes of it. */
function arithmetic(
  className: Merging | null,
  line: (
    constant: PerChannel,
    isFirst: boolean,
  ) => { scale?: PerChannel; offset?: PerChannel } | null,
): Builder {
  return (operands) => {
    const [a, b] = [operands.take(0, ...FIRST), operands.take(1, ...SECOND)];
    const { name } = operands;
    if (a && b && "layer" in a && "layer" in b) {
      if (!className) throw operands.refused("y", "a constant", b);
      return (net, inputs) => mergeBranches(net, inputs, { className, name });
    }
    const isFirst = a !== undefined && "value" in a;
    const constant = isFirst ? operands.perChannel(0, ...FIRST) : operands.perChannel(1, ...SECOND);
    const found = line(constant, isFirst);
    if (!found) throw operands.refused("x", "a tensor", constant);
    const layer = rescaling({ name, scale: 1, ...found });
    return (net, [x]) => {
      if (!x) throw operands.refused("x", "a tensor", "none");
      return layer(net, x);
    };
  };
}

function mapped(values: PerChannel, map: (value: number) => number): PerChannel {
  return typeof values === "number" ? map(values) : values.map(map);
}

const add = arithmetic("Add", (offset) => ({ offset }));
const multiply = arithmetic("Multiply", (scale) => ({ scale }));
const subtract = arithmetic("Subtract", (constant, isFirst) =>
  isFirst ? { scale: -1, offset: constant } : { offset: mapped(constant, (value) => -value) },
);
const divide = arithmetic(null, (constant, isFirst) =>
  isFirst ? null : { scale: mapped(constant, (value) => 1 / value) },
);

const unchanged = ofOne((operands) => {
  operands.only(["float32"], 1, "dtype");
  return rescaling({ name: operands.name, scale: 1 });
});

function merging(className: Merging): Builder {
  return arithmetic(className, () => null);
}

function activating(name: ActivationName): Builder {
  return ofOne((operands) => activation({ name: operands.name, activation: name }));
}

const leaky = ofOne((operands) => {
  const negativeSlope = operands.number(0.2, 1, "negative_slope", "alpha");
  return leakyRelu({ name: operands.name, negativeSlope });
});

const softmax = ofOne((operands) => {
  operands.only([-1], 1, "axis");
  return softmaxLayer({ name: operands.name });
});

const resize = ofOne((operands) => {
  const [height, width, ...more] = operands.numbers(1, "size");
  if (height === undefined || width === undefined || more.length > 0) {
    throw operands.refused("size", "two numbers", [height, width, ...more]);
  }
  const method = operands.constant(2, "method", "interpolation") ?? "bilinear";
  const interpolation = INTERPOLATIONS.find((known) => known === method);
  if (!interpolation) throw operands.refused("method", INTERPOLATIONS.join(" or "), method);
  // Said by TensorFlow 1 alone.
  const isFromCorners = operands.constant(-1, "half_pixel_centers") === false;
  // What Keras would fill a border with, if there were one.
  operands.constant(-1, "fill_mode");
  operands.constant(-1, "fill_value");
  const { name } = operands;
  return isFromCorners
    ? resizingFromCorners({ name, size: [height, width], interpolation })
    : resizing({ name, height, width, interpolation });
});

/** The mean or the maximum over rows and columns. */
function global(pooling: (config: { readonly name?: string }) => Layer): Builder {
  return ofOne((operands) => {
    operands.only(
      [
        [1, 2],
        [-3, -2],
      ],
      1,
      "axis",
    );
    if (operands.constant(1, "axis") === undefined) throw operands.refused("axis", "[1,2]", null);
    return pooling({ name: operands.name });
  });
}

const shaped = ofOne((operands) => {
  const [batch, ...targetShape] = operands.numbers(1, "shape", "newshape");
  if (batch !== -1) throw operands.refused("shape", "-1 for the batch", batch);
  return reshape({ name: operands.name, targetShape });
});

/** Along an axis; the last by default of Keras 3, none by TensorFlow's. */
const concatenate: Builder = (operands) => {
  const values = operands.take(0, "values", "xs", "arrays");
  const axis = operands.number(-1, 1, "axis");
  if (!values || !("items" in values)) throw operands.refused("values", "tensors", values);
  return (net, inputs) => concatenateBranches(net, inputs, { name: operands.name, axis });
};

/** Tensors side by side along a new last axis. */
const stack: Builder = (operands) => {
  const values = operands.take(0, "values", "x", "arrays");
  operands.only([-1], 1, "axis");
  if (operands.constant(1, "axis") === undefined) throw operands.refused("axis", "-1", null);
  if (!values || !("items" in values)) throw operands.refused("values", "tensors", values);
  const { name } = operands;
  return (net, inputs) =>
    net.layer({ className: "Stack", name, inputs, config: { axis: -1 } }, () => {
      const [rows = 1, ...rest] = inputs[0]?.shape ?? [];
      const joined = inputs
        .map((x) => apply(net.rec, reshapeOp, [x], { shape: [rows, sizeOf(rest), 1] }))
        .reduce((a, b) => apply(net.rec, concatenateOp, [a, b], { axis: -1 }));
      return apply(net.rec, reshapeOp, [joined], { shape: [rows, ...rest, inputs.length] });
    });
};

const greyToColour: Builder = (operands) => {
  operands.take(0, ...FIRST);
  return (net, [x]) => {
    if (x?.shape.at(-1) !== 1) throw operands.refused("images", "of one channel", x?.shape);
    return concatenateBranches(net, [x, x, x], { name: operands.name });
  };
};

/** By the functions of TensorFlow, as Keras 2 writes them, and by the classes of Keras 3. */
const BUILDERS: Readonly<Record<string, Builder>> = {
  ...named(add, "math.add", "__operators__.add", "nn.bias_add", "Add"),
  ...named(subtract, "math.subtract", "Subtract"),
  ...named(multiply, "math.multiply", "Multiply"),
  ...named(divide, "math.truediv", "math.divide", "TrueDivide", "Divide"),
  ...named(merging("Maximum"), "math.maximum", "Maximum"),
  ...named(merging("Minimum"), "math.minimum", "Minimum"),
  ...named(unchanged, "cast", "identity", "Cast", "Identity"),
  ...named(activating("relu"), "nn.relu", "Relu"),
  ...named(activating("relu6"), "nn.relu6", "Relu6"),
  ...named(activating("tanh"), "math.tanh", "nn.tanh", "Tanh"),
  ...named(activating("sigmoid"), "math.sigmoid", "nn.sigmoid", "Sigmoid"),
  ...named(activating("elu"), "nn.elu"),
  ...named(activating("selu"), "nn.selu", "Selu"),
  ...named(activating("silu"), "nn.silu", "nn.swish", "Silu"),
  ...named(activating("softplus"), "math.softplus", "nn.softplus", "Softplus"),
  ...named(activating("softsign"), "nn.softsign", "Softsign"),
  ...named(activating("exponential"), "math.exp", "Exp"),
  ...named(leaky, "nn.leaky_relu", "LeakyRelu"),
  ...named(softmax, "nn.softmax", "Softmax"),
  ...named(resize, "image.resize", "Resize"),
  ...named(greyToColour, "image.grayscale_to_rgb"),
  ...named(global(globalAveragePooling2d), "math.reduce_mean", "Mean"),
  ...named(global(globalMaxPooling2d), "math.reduce_max", "Max"),
  ...named(shaped, "reshape", "Reshape"),
  ...named(concatenate, "concat", "Concatenate"),
  ...named(stack, "stack", "Stack"),
  ...named(
    ofOne((operands) => slicesOf(operands)),
    "__operators__.getitem",
    "GetItem",
  ),
};

function named(builder: Builder, ...names: readonly string[]): Readonly<Record<string, Builder>> {
  return Object.fromEntries(names.map((name) => [name, builder]));
}
