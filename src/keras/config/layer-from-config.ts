// The layers that we have, built from Keras's options for them. A class or an option that we have not is refused with its
// name, never approximated.

import { FormatError } from "../../engine/core/errors.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { batchNormalization } from "../../engine/layers/batch-normalization.ts";
import { conv2d } from "../../engine/layers/conv2d.ts";
import { dense } from "../../engine/layers/dense.ts";
import type { Layer, Net } from "../../engine/layers/net.ts";
import {
  averagePooling2d,
  globalAveragePooling2d,
  globalMaxPooling2d,
  maxPooling2d,
} from "../../engine/layers/pooling.ts";
import {
  activation,
  addBranches,
  dropout,
  flatten,
  zeroPadding2d,
} from "../../engine/layers/shaping.ts";
import { ACTIVATIONS } from "../../engine/ops/gemm/bias-activation.ts";
import type { LayerSpec } from "./model-config.ts";
import { ConfigReader } from "./reader.ts";

/** Records a layer from the tensors that it takes. */
export type LayerBuilder = (net: Net, inputs: readonly Tensor[]) => Tensor;

/** Of a batch of images: rows, columns, channels. */
const IMAGE_AXES = 4;

const BUILDERS: Readonly<Record<string, (options: ConfigReader) => Layer>> = {
  Conv2D: (options) => {
    options.only("dilation_rate", [[1, 1], 1]);
    options.only("groups", [1]);
    return conv2d({
      name: options.name,
      filters: options.number("filters"),
      kernelSize: options.pair("kernel_size"),
      strides: options.pair("strides", [1, 1]),
      padding: options.choice("padding", ["valid", "same"], "valid"),
      activation: options.choice("activation", ACTIVATIONS, "linear"),
      useBias: options.flag("use_bias", true),
      kernelRegularizerL2: options.l2("kernel_regularizer"),
    });
  },
  Dense: (options) =>
    dense({
      name: options.name,
      units: options.number("units"),
      activation: options.choice("activation", [...ACTIVATIONS, "softmax"], "linear"),
      useBias: options.flag("use_bias", true),
      kernelRegularizerL2: options.l2("kernel_regularizer"),
    }),
  MaxPooling2D: (options) => maxPooling2d(pooling(options)),
  AveragePooling2D: (options) => averagePooling2d(pooling(options)),
  GlobalAveragePooling2D: ({ name }) => globalAveragePooling2d({ name }),
  GlobalMaxPooling2D: ({ name }) => globalMaxPooling2d({ name }),
  Flatten: ({ name }) => flatten({ name }),
  ZeroPadding2D: (options) =>
    zeroPadding2d({ name: options.name, padding: options.sides("padding") }),
  Activation: (options) =>
    activation({
      name: options.name,
      activation: options.choice("activation", ["relu", "tanh", "sigmoid"]),
    }),
  Dropout: (options) => dropout({ name: options.name, rate: options.number("rate") }),
  BatchNormalization: (options) => {
    for (const option of ["center", "scale"]) options.only(option, [true]);
    options.only("axis", [-1, [-1], IMAGE_AXES - 1, [IMAGE_AXES - 1]]);
    return batchNormalization({
      name: options.name,
      momentum: options.number("momentum"),
      epsilon: options.number("epsilon"),
    });
  },
};

function pooling(options: ConfigReader) {
  const poolSize = options.pair("pool_size", [2, 2]);
  return {
    name: options.name,
    poolSize,
    strides: options.pair("strides", poolSize),
    padding: options.choice("padding", ["valid", "same"], "valid"),
  } as const;
}

/** Throws FormatError, naming layer and option, for what we cannot compute as Keras does. */
export function layerFromConfig(spec: LayerSpec, where: string): LayerBuilder {
  const isAdd = spec.className === "Add";
  const build = Object.hasOwn(BUILDERS, spec.className) ? BUILDERS[spec.className] : undefined;
  if (!build && !isAdd) {
    const known = ["Add", ...Object.keys(BUILDERS)].join(", ");
    throw new FormatError(
      `${where}: layer ${spec.name} must be of a known class, got ${spec.className}`,
      { help: `known are ${known}` },
    );
  }
  const options = new ConfigReader(spec, where);
  options.only("data_format", ["channels_last"]);
  const layer = build?.(options);
  options.finish();
  return (net, inputs) => {
    const [first, second] = inputs;
    const wanted = layer ? 1 : 2;
    if (!first || inputs.length !== wanted) {
      const rule = `layer ${spec.name} (${spec.className}) takes ${wanted} tensors`;
      throw new FormatError(`${where}: ${rule}, got ${inputs.length}`);
    }
    if (layer) return layer(net, first);
    return addBranches(net, [first, second ?? first], { name: spec.name });
  };
}
