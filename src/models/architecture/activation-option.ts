// A layer's activation, as Keras's files have it: a name, or a layer that is one (`activation=keras.layers.ReLU(6)`).

import {
  ACTIVATION_NAMES,
  type ActivationName,
  type ActivationOption,
  type LayerActivation,
} from "../../engine/layers/activation-names.ts";
import {
  eluActivation,
  leakyReluActivation,
  reluActivation,
} from "../../engine/layers/activations.ts";
import { isRecord } from "./json-record.ts";
import type { ConfigReader } from "./reader.ts";

const KERAS2_HARD_SIGMOID = "hard_sigmoid_keras2";

/** Names that Keras knows and that are not here, each with what to use. */
const INSTEAD: Readonly<Record<string, string>> = {
  glu: "half of a layer's channels times sigmoid of the other half: two layers and a Multiply",
  sparsemax: "softmax comes close",
  threshold: "ReLU with a threshold, as a layer",
};

/** What classes of activations read of their options, as layers and as activations of others. */
export const ACTIVATION_SETTINGS = {
  ReLU: (options: ConfigReader) => ({
    maxValue: options.limit("max_value"),
    negativeSlope: options.number("negative_slope", 0),
    threshold: options.number("threshold", 0),
  }),
  LeakyReLU: (options: ConfigReader) => ({
    // Keras 2 says alpha.
    negativeSlope: options.number("negative_slope", options.number("alpha", 0.3)),
  }),
  ELU: (options: ConfigReader) => ({ alpha: options.number("alpha", 1) }),
};

/** As the generation of Keras that wrote the file means it; `linear` where there is none. */
export function activationOf(options: ConfigReader, option: string): ActivationOption {
  const value = options.value(option) ?? "linear";
  return isRecord(value) ? ofLayer(options, option, value) : byName(options, option, value);
}

const OBJECTS: Readonly<Record<string, (options: ConfigReader) => ActivationOption>> = {
  ReLU: (options) => plain(reluActivation(ACTIVATION_SETTINGS.ReLU(options))),
  LeakyReLU: (options) => leakyReluActivation(ACTIVATION_SETTINGS.LeakyReLU(options)),
  ELU: (options) => eluActivation(ACTIVATION_SETTINGS.ELU(options)),
  Softmax: (options) => {
    options.only("axis", [-1, [-1]]);
    return "softmax";
  },
  Activation: (options) => activationOf(options, "activation"),
};

/** A ReLU without limits is what kernels do by themselves. */
function plain(activation: LayerActivation): ActivationOption {
  const { max_value: most, negative_slope: slope, threshold } = activation.config;
  return most === null && slope === 0 && threshold === 0 ? "relu" : activation;
}

function ofLayer(
  options: ConfigReader,
  option: string,
  value: Readonly<Record<string, unknown>>,
): ActivationOption {
  const { class_name: className, config = {} } = value;
  const read = Object.keys(OBJECTS).find((known) => known === className);
  if (read === undefined || !isRecord(config)) {
    const help =
      className === "PReLU"
        ? "put the PReLU after it as a layer of its own: it has weights"
        : undefined;
    const wanted = `a name, or one of ${Object.keys(OBJECTS).join(", ")}`;
    throw options.refused(option, wanted, className ?? value, help);
  }
  const inner = options.within(read, config);
  const found = OBJECTS[read]?.(inner) ?? "linear";
  inner.finish();
  return found;
}

function byName(options: ConfigReader, option: string, value: unknown): ActivationName {
  const { generation } = options;
  const isDebatable = value === "hard_sigmoid" || value === "leaky_relu";
  // Keras 2's and Keras 3's hard_sigmoid differ, and the function leaky_relu is Keras 3's.
  if (isDebatable && generation === null) {
    throw options.refused(option, "one that Keras 2 and 3 agree on", value);
  }
  if (value === "hard_sigmoid" && generation === 2) return KERAS2_HARD_SIGMOID;
  const known = ACTIVATION_NAMES.filter(
    (name) => name !== KERAS2_HARD_SIGMOID && (generation !== 2 || name !== "leaky_relu"),
  );
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  const help =
    typeof value === "string" && Object.hasOwn(INSTEAD, value) ? INSTEAD[value] : undefined;
  throw options.refused(option, known.join(", "), value, help);
}
