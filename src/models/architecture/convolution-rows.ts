// Convolutions, from Keras's options for them.

import { conv2d } from "../../engine/layers/conv2d.ts";
import {
  conv2dTranspose,
  depthwiseConv2d,
  separableConv2d,
} from "../../engine/layers/convolutions.ts";
import type { Layer } from "../../engine/layers/net.ts";
import { activationOf } from "./activation-option.ts";
import type { ConfigReader } from "./reader.ts";

export const CONVOLUTION_ROWS: Readonly<Record<string, (options: ConfigReader) => Layer>> = {
  Conv2D: (options) =>
    conv2d({
      ...windowOf(options),
      filters: options.count("filters"),
      dilationRate: options.pair("dilation_rate", [1, 1]),
      groups: options.count("groups", 1),
      ...options.kernelPenalty(),
    }),
  DepthwiseConv2D: (options) => depthwiseConv2d({ ...windowOf(options), ...depthOf(options) }),
  SeparableConv2D: (options) =>
    separableConv2d({
      ...windowOf(options),
      ...depthOf(options),
      filters: options.count("filters"),
    }),
  Conv2DTranspose: (options) => {
    options.only("dilation_rate", [[1, 1], 1]);
    options.only("groups", [1]);
    const beyond = options.value("output_padding");
    return conv2dTranspose({
      ...windowOf(options),
      filters: options.count("filters"),
      outputPadding: beyond === undefined ? null : options.pair("output_padding"),
    });
  },
};

function windowOf(options: ConfigReader) {
  return {
    name: options.name,
    kernelSize: options.pair("kernel_size"),
    strides: options.pair("strides", [1, 1]),
    padding: options.choice("padding", ["valid", "same"], "valid"),
    activation: activationOf(options, "activation"),
    useBias: options.flag("use_bias", true),
  } as const;
}

function depthOf(options: ConfigReader) {
  options.only("groups", [1]);
  return {
    depthMultiplier: options.count("depth_multiplier", 1),
    dilationRate: options.pair("dilation_rate", [1, 1]),
  };
}
