// Convolutions other than Conv2D: Keras's DepthwiseConv2D, SeparableConv2D and Conv2DTranspose.
//   input (N, H, W, I) -> output (N, OH, OW, O)

import { ShapeError } from "../core/errors.ts";
import { shape4 } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Padding } from "../core/window.ts";
import { biasAdd } from "../ops/bias-add.ts";
import { conv2d as conv2dOp } from "../ops/conv2d/conv2d.ts";
import { groupedConv2d } from "../ops/conv2d/grouped.ts";
import { transposedConv2d } from "../ops/conv2d/transpose.ts";
import { reshape } from "../ops/reshape.ts";
import { apply } from "../program/tape.ts";
import {
  type ActivationOption,
  activationConfig,
  fusedPart,
  recordActivation,
  recordRest,
} from "./activation-names.ts";
import { glorotUniform, type Initializer, zeros } from "./initializers.ts";
import { type Layer, layerOf, type Net } from "./net.ts";
import { type Pair, pairOf, positiveInteger } from "./pair.ts";

interface WindowConfig {
  readonly kernelSize: Pair;
  /** Default 1. */
  readonly strides?: Pair;
  /** Default `valid`. */
  readonly padding?: Padding;
  /** Default `linear`. */
  readonly activation?: ActivationOption;
  /** Default true. */
  readonly useBias?: boolean;
  readonly name?: string;
}

interface DepthConfig extends WindowConfig {
  /** Results of each channel; default 1. */
  readonly depthMultiplier?: number;
  /** Pixels from one tap of the window to the next; default 1. */
  readonly dilationRate?: Pair;
}

/** What the layers of this file have in common, checked and completed, and in Keras's spelling. */
function settingsOf(config: WindowConfig, where: string) {
  const { padding = "valid", activation = "linear", useBias = true } = config;
  const kernelSize = pairOf(config.kernelSize, `${where}: kernelSize`);
  const strides = pairOf(config.strides ?? 1, `${where}: strides`);
  const keras = {
    ...{ kernel_size: kernelSize, strides, padding, use_bias: useBias },
    activation: activationConfig(activation),
  };
  return { kernelSize, strides, padding, activation, useBias, keras };
}

/** Adds the bias of the layer, and applies its activation. */
export function recordEpilogue(
  net: Net,
  z: Tensor,
  { useBias, activation }: { readonly useBias: boolean; readonly activation: ActivationOption },
): Tensor {
  const filters = z.shape.at(-1) ?? 1;
  const b = useBias ? net.parameter({ name: "bias", shape: [filters], initializer: zeros }) : null;
  const sum = b ? apply(net.rec, biasAdd, [z, b], {}) : z;
  return activation === "linear" ? sum : recordActivation(net.rec, sum, activation);
}

interface Depthwise {
  readonly name: string;
  readonly kernelSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: Padding;
  readonly dilation: readonly [number, number];
  readonly multiplier: number;
}

/** Each channel by itself: kernel (KH, KW, I, multiplier), output (N, OH, OW, I · multiplier). */
function recordDepthwise(net: Net, x: Tensor, config: Depthwise): Tensor {
  const { name, kernelSize, strides, padding, dilation, multiplier } = config;
  const [, , , channels] = shape4(x.shape, "depthwise_conv2d");
  const initializer: Initializer = glorotUniform;
  const shape = [...kernelSize, channels, multiplier];
  const kernel = net.parameter({ name, shape, initializer });
  const own = { shape: [...kernelSize, 1, channels * multiplier] };
  const w = apply(net.rec, reshape, [kernel], own);
  const attrs = { strides, padding, dilation, groups: channels };
  return apply(net.rec, groupedConv2d, [x, w], attrs);
}

/** Each channel convolved by itself: kernel (KH, KW, I, depthMultiplier), bias (I · depthMultiplier). */
export function depthwiseConv2d(config: DepthConfig): Layer {
  const { keras, ...settings } = settingsOf(config, "depthwise_conv2d");
  const multiplier = positiveInteger(
    config.depthMultiplier ?? 1,
    "depthwise_conv2d: depthMultiplier",
  );
  const dilation = pairOf(config.dilationRate ?? 1, "depthwise_conv2d: dilationRate");
  const own = { ...keras, depth_multiplier: multiplier, dilation_rate: dilation };
  const className = "DepthwiseConv2D";
  return layerOf({ className, name: config.name, config: own }, (net, x) => {
    const z = recordDepthwise(net, x, { ...settings, name: "kernel", dilation, multiplier });
    return recordEpilogue(net, z, settings);
  });
}

/** A depthwise convolution, then one of 1 × 1: depthwise_kernel, pointwise_kernel (1, 1, I · depthMultiplier, filters), bias. */
export function separableConv2d(config: DepthConfig & { readonly filters: number }): Layer {
  const { keras, ...settings } = settingsOf(config, "separable_conv2d");
  const filters = positiveInteger(config.filters, "separable_conv2d: filters");
  const multiplier = positiveInteger(
    config.depthMultiplier ?? 1,
    "separable_conv2d: depthMultiplier",
  );
  const dilation = pairOf(config.dilationRate ?? 1, "separable_conv2d: dilationRate");
  const own = { ...keras, filters, depth_multiplier: multiplier, dilation_rate: dilation };
  const className = "SeparableConv2D";
  return layerOf({ className, name: config.name, config: own }, (net, x) => {
    const name = "depthwise_kernel";
    const deep = recordDepthwise(net, x, { ...settings, name, dilation, multiplier });
    const shape = [1, 1, deep.shape.at(-1) ?? 1, filters];
    const w = net.parameter({ name: "pointwise_kernel", shape, initializer: glorotUniform });
    const b = settings.useBias
      ? net.parameter({ name: "bias", shape: [filters], initializer: zeros })
      : null;
    const attrs = {
      strides: [1, 1],
      padding: "valid",
      activation: fusedPart(settings.activation),
    } as const;
    const z = apply(net.rec, conv2dOp, b ? [deep, w, b] : [deep, w], attrs);
    return recordRest(net.rec, z, settings.activation);
  });
}

export interface TransposeConfig extends WindowConfig {
  readonly filters: number;
  /** Rows and columns of the result beyond the smallest that fits; default: as many as make it a multiple of the strides. */
  readonly outputPadding?: number | readonly [number, number] | null;
}

/** A convolution backwards, which enlarges: kernel (KH, KW, filters, I), bias (filters). */
export function conv2dTranspose(config: TransposeConfig): Layer {
  const { keras, ...settings } = settingsOf(config, "conv2d_transpose");
  const beyond = outputPaddingOf(config);
  const filters = positiveInteger(config.filters, "conv2d_transpose: filters");
  const { kernelSize, strides, padding } = settings;
  const className = "Conv2DTranspose";
  const own = { ...keras, filters, ...(beyond ? { output_padding: beyond } : {}) };
  return layerOf({ className, name: config.name, config: own }, (net, x) => {
    const [, , , channels] = shape4(x.shape, "conv2d_transpose");
    const shape = [...kernelSize, filters, channels];
    const kernel = net.parameter({ name: "kernel", shape, initializer: glorotUniform });
    const attrs = { strides, padding, ...(beyond ? { outputPadding: beyond } : {}) };
    const z = apply(net.rec, transposedConv2d, [x, kernel], attrs);
    return recordEpilogue(net, z, settings);
  });
}

function outputPaddingOf({
  outputPadding = null,
}: TransposeConfig): readonly [number, number] | null {
  if (outputPadding === null) return null;
  const both =
    typeof outputPadding === "number" ? ([outputPadding, outputPadding] as const) : outputPadding;
  if (both.every((extent) => Number.isInteger(extent) && extent >= 0)) return both;
  throw new ShapeError(
    `conv2d_transpose: outputPadding: takes whole numbers of at least 0, got ${both}`,
  );
}
