// Layers that are activations, from Keras's options for them.

import { elu, leakyRelu, prelu, relu, softmaxLayer } from "../../engine/layers/activations.ts";
import type { Layer } from "../../engine/layers/net.ts";
import { onLastAxis } from "./last-axis.ts";
import type { ConfigReader } from "./reader.ts";

export const ACTIVATION_ROWS: Readonly<Record<string, (options: ConfigReader) => Layer>> = {
  ReLU: (options) =>
    relu({
      name: options.name,
      maxValue: options.limit("max_value"),
      negativeSlope: options.number("negative_slope", 0),
      threshold: options.number("threshold", 0),
    }),
  LeakyReLU: (options) => {
    // Keras 2 says alpha.
    const negativeSlope = options.number("negative_slope", options.number("alpha", 0.3));
    return leakyRelu({ name: options.name, negativeSlope });
  },
  ELU: (options) => elu({ name: options.name, alpha: options.number("alpha", 1) }),
  PReLU: (options) =>
    prelu({ name: options.name, sharedAxes: options.numbers("shared_axes") ?? null }),
  Softmax: (options) => onLastAxis(options, softmaxLayer({ name: options.name })),
};
