// Normalisation by the statistics of each example: Keras's LayerNormalization and GroupNormalization.
//   input (N, …, C) -> output like the input; gamma, beta (C), or of the axes that are normalised together

import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import {
  type GroupNormalizationAttrs,
  groupNormalization as groupNormalizationOp,
} from "../ops/group-normalization.ts";
import { reshape } from "../ops/reshape.ts";
import { apply } from "../program/tape.ts";
import { type Axes, axesOf, recordAlong } from "./axes.ts";
import { ones, zeros } from "./initializers.ts";
import { type Layer, layerOf, type Net } from "./net.ts";

interface NormalizationConfig {
  /** Added to the variance; default 1e-3. */
  readonly epsilon?: number;
  /** Whether channels are multiplied by a gamma; default true. */
  readonly scale?: boolean;
  /** Whether a beta is added to channels; default true. */
  readonly center?: boolean;
  readonly name?: string;
}

/** Each vector of channels by its own mean and variance, or what there is along other axes together. */
export function layerNormalization(
  config: NormalizationConfig & {
    /** Default −1, the channels. */
    readonly axis?: Axes;
  } = {},
): Layer {
  const { axis = -1, name } = config;
  const { epsilon, scale, center } = settingsOf(config);
  const keras = { axis, epsilon, center, scale };
  return layerOf({ className: "LayerNormalization", name, config: keras }, (net, x) => {
    const axes = axesOf(axis, x.shape.length, "layer_normalization: axis");
    const line = lineOf(net, { shape: axes.map((one) => x.shape[one] ?? 1), scale, center });
    return recordAlong({ rec: net.rec, axes }, x, (moved) => {
      const attrs = { groups: "places", epsilon, scale, center } as const;
      if (axes.length === 1) return apply(net.rec, groupNormalizationOp, [moved, ...line], attrs);
      return recordTogether(net, [moved, ...line], attrs, axes.length);
    });
  });
}

/** The last `count` axes as one. */
function recordTogether(
  { rec }: Net,
  [x, ...line]: readonly [Tensor, ...Tensor[]],
  attrs: GroupNormalizationAttrs,
  count: number,
): Tensor {
  const width = sizeOf(x.shape.slice(-count));
  const rows = apply(rec, reshape, [x], { shape: [sizeOf(x.shape) / width, width] });
  const flat = line.map((one) => apply(rec, reshape, [one], { shape: [width] }));
  const y = apply(rec, groupNormalizationOp, [rows, ...flat], attrs);
  return apply(rec, reshape, [y], { shape: x.shape });
}

/** Each group of channels of each example by its mean and variance; of `groups` −1, each channel. Default 32. */
export function groupNormalization(
  config: NormalizationConfig & {
    readonly groups?: number;
    /** Of the channels; default −1. */
    readonly axis?: number;
  } = {},
): Layer {
  const { groups = 32, axis = -1, name } = config;
  const { epsilon, scale, center } = settingsOf(config);
  const keras = { groups, axis, epsilon, center, scale };
  return layerOf({ className: "GroupNormalization", name, config: keras }, (net, x) => {
    const axes = axesOf(axis, x.shape.length, "group_normalization: axis");
    return recordAlong({ rec: net.rec, axes }, x, (moved) => {
      const channels = moved.shape.at(-1) ?? 1;
      const line = lineOf(net, { shape: [channels], scale, center });
      const each = groups === -1 ? channels : groups;
      const attrs = { groups: each, epsilon, scale, center };
      return apply(net.rec, groupNormalizationOp, [moved, ...line], attrs);
    });
  });
}

function settingsOf({ epsilon = 1e-3, scale = true, center = true }: NormalizationConfig) {
  return { epsilon, scale, center };
}

interface Line {
  readonly shape: readonly number[];
  readonly scale: boolean;
  readonly center: boolean;
}

function lineOf(net: Net, { shape, scale, center }: Line): readonly Tensor[] {
  const line = { shape, isFull: true };
  return [
    ...(scale ? [net.parameter({ ...line, name: "gamma", initializer: ones })] : []),
    ...(center ? [net.parameter({ ...line, name: "beta", initializer: zeros })] : []),
  ];
}
