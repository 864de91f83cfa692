// Activations as layers: Keras's ReLU, LeakyReLU, ELU, PReLU and Softmax. (Activation is in shaping.ts.)
//   input any shape -> output the same

import { ShapeError } from "../core/errors.ts";
import { curve } from "../ops/curve.ts";
import { prelu as preluOp } from "../ops/prelu.ts";
import { apply } from "../program/tape.ts";
import { type LayerActivation, recordSoftmax } from "./activation-names.ts";
import type { Axes } from "./axes.ts";
import { zeros } from "./initializers.ts";
import { type Layer, layerOf } from "./net.ts";

export interface ReluConfig {
  /** Default: no limit. */
  readonly maxValue?: number | null;
  /** Below the threshold: negativeSlope · (x − threshold). Default 0. */
  readonly negativeSlope?: number;
  /** Default 0. */
  readonly threshold?: number;
  readonly name?: string;
}

/** `maxValue` where x ≥ maxValue, x where x ≥ threshold, else negativeSlope · (x − threshold). */
export function relu(config: ReluConfig = {}): Layer {
  return layerFrom(reluActivation(config), config.name);
}

/** The same as the activation of another layer. */
export function reluActivation(config: Omit<ReluConfig, "name"> = {}): LayerActivation {
  const { maxValue = null, negativeSlope = 0, threshold = 0 } = config;
  const attrs = { kind: "rectified", slope: negativeSlope, threshold } as const;
  return {
    className: "ReLU",
    attrs: maxValue === null ? attrs : { ...attrs, most: maxValue },
    config: { max_value: maxValue, negative_slope: negativeSlope, threshold },
  };
}

/** x where x ≥ 0, else negativeSlope · x. Keras's default slope is 0.3. */
export function leakyRelu(
  config: { readonly negativeSlope?: number; readonly name?: string } = {},
): Layer {
  return layerFrom(leakyReluActivation(config), config.name);
}

/** The same as the activation of another layer. */
export function leakyReluActivation(
  config: { readonly negativeSlope?: number } = {},
): LayerActivation {
  const { negativeSlope = 0.3 } = config;
  const attrs = { kind: "rectified", slope: negativeSlope } as const;
  return { className: "LeakyReLU", attrs, config: { negative_slope: negativeSlope } };
}

/** x where x > 0, else alpha · (exp(x) − 1); alpha is 1 by default. */
export function elu(config: { readonly alpha?: number; readonly name?: string } = {}): Layer {
  return layerFrom(eluActivation(config), config.name);
}

/** The same as the activation of another layer. */
export function eluActivation(config: { readonly alpha?: number } = {}): LayerActivation {
  const { alpha = 1 } = config;
  return { className: "ELU", attrs: { kind: "elu", slope: alpha }, config: { alpha } };
}

function layerFrom({ className, attrs, config }: LayerActivation, name?: string): Layer {
  return layerOf({ className, name, config }, (net, x) => apply(net.rec, curve, [x], attrs));
}

export interface PreluConfig {
  /** Axes, counted from 1 after the batch, that share their slopes: all but the channels ([1, 2] of images), or none (default). */
  readonly sharedAxes?: readonly number[] | null;
  readonly name?: string;
}

/** x where x ≥ 0, else alpha · x, with alpha trained: one of each channel, or of each element of an input. Starts from 0. */
export function prelu(config: PreluConfig = {}): Layer {
  const { sharedAxes = null, name } = config;
  const shared = sharedAxes ?? [];
  return layerOf({ className: "PReLU", name, config: { shared_axes: sharedAxes } }, (net, x) => {
    const own = x.shape.slice(1);
    const shape = own.map((extent, axis) => (shared.includes(axis + 1) ? 1 : extent));
    const isWhole = shape.every((extent, axis) => extent === own[axis]);
    const isByChannel = shape.slice(0, -1).every((extent) => extent === 1);
    if (!(isWhole || (isByChannel && shape.at(-1) === own.at(-1)))) {
      throw new ShapeError(
        `prelu: shared are all axes but the last, or none, got ${shared} of rank ${x.shape.length}`,
      );
    }
    const alpha = net.parameter({ name: "alpha", shape, initializer: zeros });
    return apply(net.rec, preluOp, [x, alpha], {});
  });
}

/** Softmax over the last axis, or over others. A cross-entropy after it is computed from its input, as Keras does. */
export function softmaxLayer(config: { readonly axis?: Axes; readonly name?: string } = {}): Layer {
  const { axis = -1, name } = config;
  return layerOf({ className: "Softmax", name, config: { axis } }, (net, x) =>
    recordSoftmax(net.rec, x, axis),
  );
}
