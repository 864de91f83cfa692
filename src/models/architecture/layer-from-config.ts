// The layers that we have, built from Keras's options for them. A class or an option that we have not is refused with its
// name, never approximated.

import { FormatError } from "../../engine/core/errors.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { batchNormalization } from "../../engine/layers/batch-normalization.ts";
import { dense } from "../../engine/layers/dense.ts";
import { groupNormalization, layerNormalization } from "../../engine/layers/group-normalization.ts";
import { concatenateBranches, MERGINGS, mergeBranches } from "../../engine/layers/merging.ts";
import type { Layer, Net } from "../../engine/layers/net.ts";
import {
  averagePooling2d,
  globalAveragePooling2d,
  globalMaxPooling2d,
  maxPooling2d,
} from "../../engine/layers/pooling.ts";
import { activation, dropout, flatten, zeroPadding2d } from "../../engine/layers/shaping.ts";
import { activationOf } from "./activation-option.ts";
import { ACTIVATION_ROWS } from "./activation-rows.ts";
import { CONVOLUTION_ROWS } from "./convolution-rows.ts";
import { IMAGE_ROWS } from "./image-rows.ts";
import { onLastAxis } from "./last-axis.ts";
import type { LayerSpec } from "./model-config.ts";
import { layerFromOperation } from "./operation-layers.ts";
import { ConfigReader } from "./reader.ts";

/** Records a layer from the tensors that it takes. */
export type LayerBuilder = (net: Net, inputs: readonly Tensor[]) => Tensor;

const BUILDERS: Readonly<Record<string, (options: ConfigReader) => Layer>> = {
  ...ACTIVATION_ROWS,
  ...CONVOLUTION_ROWS,
  ...IMAGE_ROWS,
  Dense: (options) =>
    dense({
      name: options.name,
      units: options.count("units"),
      activation: activationOf(options, "activation"),
      useBias: options.flag("use_bias", true),
      ...options.kernelPenalty(),
    }),
  MaxPooling2D: (options) => maxPooling2d(pooling(options)),
  AveragePooling2D: (options) => averagePooling2d(pooling(options)),
  GlobalAveragePooling2D: (options) => globalAveragePooling2d(globalPooling(options)),
  GlobalMaxPooling2D: (options) => globalMaxPooling2d(globalPooling(options)),
  Flatten: ({ name }) => flatten({ name }),
  ZeroPadding2D: (options) =>
    zeroPadding2d({ name: options.name, padding: options.sides("padding") }),
  Activation: (options) =>
    activation({ name: options.name, activation: activationOf(options, "activation") }),
  Identity: ({ name }) => activation({ name, activation: "linear" }),
  Dropout: (options) => dropout({ name: options.name, rate: options.number("rate") }),
  LayerNormalization: (options) => {
    options.only("rms_scaling", [false]);
    return layerNormalization({ ...examplewise(options), axis: options.axes("axis") });
  },
  GroupNormalization: (options) => {
    const axis = options.axes("axis");
    if (typeof axis !== "number") throw options.refused("axis", "one axis", axis);
    return groupNormalization({
      ...examplewise(options),
      ...{ axis, groups: options.number("groups", 32) },
    });
  },
  BatchNormalization: (options) => {
    // Statistics over all devices, of which there is one.
    options.flag("synchronized", false);
    const layer = batchNormalization({
      name: options.name,
      scale: options.flag("scale", true),
      center: options.flag("center", true),
      momentum: options.between("momentum", [0, 1]),
      epsilon: options.between("epsilon", [0, Number.POSITIVE_INFINITY]),
    });
    return onLastAxis(options, layer);
  },
};

/** Of LayerNormalization and GroupNormalization. */
function examplewise(options: ConfigReader) {
  return {
    name: options.name,
    epsilon: options.between("epsilon", [0, Number.POSITIVE_INFINITY], 1e-3),
    scale: options.flag("scale", true),
    center: options.flag("center", true),
  };
}

function globalPooling(options: ConfigReader) {
  return { name: options.name, keepDims: options.flag("keepdims", false) };
}

function pooling(options: ConfigReader) {
  const poolSize = options.pair("pool_size", [2, 2]);
  return {
    name: options.name,
    poolSize,
    strides: options.pair("strides", poolSize),
    padding: options.choice("padding", ["valid", "same"], "valid"),
  } as const;
}

const MERGERS: Readonly<Record<string, (options: ConfigReader) => LayerBuilder>> = {
  ...Object.fromEntries(
    MERGINGS.map((className) => [
      className,
      ({ name }: ConfigReader): LayerBuilder =>
        (net, inputs) =>
          mergeBranches(net, inputs, { className, name }),
    ]),
  ),
  Concatenate: (options) => {
    const axis = options.number("axis", -1);
    return (net, inputs) => concatenateBranches(net, inputs, { name: options.name, axis });
  },
};

/** Classes that are not here, each with one that does the same or comes close. */
const INSTEAD: Readonly<Record<string, string>> = {
  ThresholdedReLU: "ReLU with a threshold does the same",
  SpatialDropout1D: "SpatialDropout2D does the same for images",
  LocallyConnected2D: "Conv2D comes close, with one kernel for all places",
  SyncBatchNormalization: "BatchNormalization does the same on one device",
  UnitNormalization: "LayerNormalization comes close",
  RandomCrop: "CenterCrop does the same when predicting",
  RandomHeight: "RandomZoom comes close",
  RandomWidth: "RandomZoom comes close",
  ActivityRegularization: "leave it out: it changes no prediction",
  ZeroPadding1D: "ZeroPadding2D with (0, 0) for one of the sides",
};

function insteadOf(className: string): string {
  const known = [...Object.keys(MERGERS), ...Object.keys(BUILDERS)].join(", ");
  const own = Object.hasOwn(INSTEAD, className) ? `${INSTEAD[className]}; ` : "";
  const isSequence = /1D$|LSTM|GRU|RNN|Attention|Embedding|TimeDistributed|Bidirectional/.test(
    className,
  );
  const kind = isSequence ? "networks of images are what is trained here, not of sequences; " : "";
  return `${own || kind}known are ${known}`;
}

/** Throws FormatError, naming layer and option, for what we cannot compute as Keras does. */
export function layerFromConfig(spec: LayerSpec, where: string): LayerBuilder {
  const { className, name } = spec;
  if (spec.operation) return layerFromOperation(spec, where);
  const merger = Object.hasOwn(MERGERS, className) ? MERGERS[className] : undefined;
  const builder = Object.hasOwn(BUILDERS, className) ? BUILDERS[className] : undefined;
  if (!merger && !builder) {
    throw new FormatError(
      `${where}: layer ${name} must be of a known class, got ${className} at position ${spec.position}`,
      { help: insteadOf(className) },
    );
  }
  const options = new ConfigReader(spec, where);
  options.only("data_format", ["channels_last"]);
  const built = merger?.(options) ?? ofOne(spec, where, builder?.(options));
  options.finish();
  return built;
}

/** A layer that takes one tensor. */
function ofOne({ name, className }: LayerSpec, where: string, layer?: Layer): LayerBuilder {
  return (net, inputs) => {
    const [first] = inputs;
    if (layer && first && inputs.length === 1) return layer(net, first);
    const rule = `layer ${name} (${className}) takes 1 tensors`;
    throw new FormatError(`${where}: ${rule}, got ${inputs.length}`);
  };
}
