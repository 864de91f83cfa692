// Layers that are activations, from Keras's options for them.

import { elu, leakyRelu, prelu, relu, softmaxLayer } from "../../engine/layers/activations.ts";
import type { Layer } from "../../engine/layers/net.ts";
import { ACTIVATION_SETTINGS } from "./activation-option.ts";
import type { ConfigReader } from "./reader.ts";

export const ACTIVATION_ROWS: Readonly<Record<string, (options: ConfigReader) => Layer>> = {
  ReLU: (options) => relu({ name: options.name, ...ACTIVATION_SETTINGS.ReLU(options) }),
  LeakyReLU: (options) =>
    leakyRelu({ name: options.name, ...ACTIVATION_SETTINGS.LeakyReLU(options) }),
  ELU: (options) => elu({ name: options.name, ...ACTIVATION_SETTINGS.ELU(options) }),
  PReLU: (options) =>
    prelu({ name: options.name, sharedAxes: options.numbers("shared_axes") ?? null }),
  Softmax: (options) => softmaxLayer({ name: options.name, axis: options.axes("axis") }),
};
