// Normalisation by the statistics of each example: Keras's LayerNormalization and GroupNormalization.
//   input (N, …, C) -> output like the input; gamma, beta (C)

import { groupNormalization as groupNormalizationOp } from "../ops/group-normalization.ts";
import { apply } from "../program/tape.ts";
import { ones, zeros } from "./initializers.ts";
import { type Layer, layerOf, type Net } from "./net.ts";

interface NormalizationConfig {
  /** Added to the variance; default 1e-3. */
  readonly epsilon?: number;
  readonly name?: string;
}

/** Each vector of channels by its own mean and variance. */
export function layerNormalization(config: NormalizationConfig = {}): Layer {
  const { epsilon = 1e-3, name } = config;
  const keras = { axis: -1, epsilon, center: true, scale: true };
  return layerOf({ className: "LayerNormalization", name, config: keras }, (net, x) =>
    apply(net.rec, groupNormalizationOp, [x, ...lineOf(net, x.shape.at(-1))], {
      groups: "places",
      epsilon,
    }),
  );
}

/** Each group of channels of each example by its mean and variance; of `groups` −1, each channel. Default 32. */
export function groupNormalization(
  config: NormalizationConfig & { readonly groups?: number } = {},
): Layer {
  const { groups = 32, epsilon = 1e-3, name } = config;
  const keras = { groups, axis: -1, epsilon, center: true, scale: true };
  return layerOf({ className: "GroupNormalization", name, config: keras }, (net, x) =>
    apply(net.rec, groupNormalizationOp, [x, ...lineOf(net, x.shape.at(-1))], {
      groups: groups === -1 ? (x.shape.at(-1) ?? 1) : groups,
      epsilon,
    }),
  );
}

function lineOf(net: Net, channels = 1) {
  const line = { shape: [channels], isFull: true };
  const gamma = net.parameter({ ...line, name: "gamma", initializer: ones });
  const beta = net.parameter({ ...line, name: "beta", initializer: zeros });
  return [gamma, beta] as const;
}
