// 2-D convolution layer, Keras's Conv2D.
//   input (N, H, W, I) -> output (N, OH, OW, filters); kernel (KH, KW, I, filters), bias (filters)

import { shape4 } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Padding } from "../core/window.ts";
import { conv2d as conv2dOp } from "../ops/conv2d/conv2d.ts";
import { groupedConv2d } from "../ops/conv2d/grouped.ts";
import { unpadded } from "../ops/zero-padding.ts";
import type { Recorder } from "../program/recorder.ts";
import { apply } from "../program/tape.ts";
import {
  type ActivationOption,
  activationConfig,
  fusedPart,
  recordRest,
} from "./activation-names.ts";
import { recordEpilogue } from "./convolutions.ts";
import { glorotUniform, type Initializer, zeros } from "./initializers.ts";
import { type Layer, layerOf } from "./net.ts";
import { type Pair, pairOf, positiveInteger } from "./pair.ts";
import { type KernelPenalty, penaltyOf, regularizerConfig } from "./regularizer-config.ts";

/** Keras's Conv2D. */
export interface Conv2dConfig extends KernelPenalty {
  readonly filters: number;
  readonly kernelSize: Pair;
  /** Default 1. */
  readonly strides?: Pair;
  /** Default `valid`. */
  readonly padding?: Padding;
  /** Pixels from one tap of the window to the next; default 1. */
  readonly dilationRate?: Pair;
  /** Each sees its share of the channels and makes its share of the filters; default 1. */
  readonly groups?: number;
  /** Default `linear`. */
  readonly activation?: ActivationOption;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default Glorot uniform. */
  readonly kernelInitializer?: Initializer;
  readonly name?: string;
}

/** A convolution: (N, H, W, I) -> (N, OH, OW, filters), kernel (KH, KW, I / groups, filters), with bias and activation. */
export function conv2d(config: Conv2dConfig): Layer {
  const { filters, padding = "valid", activation = "linear", useBias = true } = config;
  positiveInteger(filters, "conv2d: filters");
  const [kh, kw] = pairOf(config.kernelSize, "conv2d: kernelSize");
  const strides = pairOf(config.strides ?? 1, "conv2d: strides");
  const dilation = pairOf(config.dilationRate ?? 1, "conv2d: dilationRate");
  const groups = positiveInteger(config.groups ?? 1, "conv2d: groups");
  const isPlain = groups === 1 && dilation.every((step) => step === 1);
  const { kernelInitializer: initializer = glorotUniform, name } = config;
  const penalty = penaltyOf(config);
  const keras = {
    filters,
    kernel_size: [kh, kw],
    strides,
    padding,
    activation: activationConfig(activation),
    use_bias: useBias,
    ...(isPlain ? {} : { dilation_rate: dilation, groups }),
    ...regularizerConfig(penalty),
  };
  return layerOf({ className: "Conv2D", name, config: keras }, (net, x) => {
    const [, , , channels] = shape4(x.shape, "conv2d");
    const w = net.parameter({
      name: "kernel",
      shape: [kh, kw, Math.floor(channels / groups), filters],
      initializer,
      penalty,
    });
    if (!isPlain) {
      const attrs = { strides, padding, dilation, groups };
      return recordEpilogue(net, apply(net.rec, groupedConv2d, [x, w], attrs), {
        useBias,
        activation,
      });
    }
    const source = sourceOf(net.rec, x, { padding, window: [kh, kw] });
    const attrs = { strides, activation: fusedPart(activation), padding: source.padding };
    const b = useBias
      ? net.parameter({ name: "bias", shape: [filters], initializer: zeros })
      : null;
    const z = net.rec.folding(source.layers, () =>
      apply(net.rec, conv2dOp, b ? [source.x, w, b] : [source.x, w], attrs),
    );
    return recordRest(net.rec, z, activation);
  });
}

interface Window {
  readonly padding: Padding;
  readonly window: readonly [number, number];
}

/**
 * A layer of zeros before a "valid" convolution becomes the convolution's own padding, which costs nothing. Not zeros that
 * a whole window fits into: the kernels of the input's gradient pad dy by the window less that padding.
 */
function sourceOf(rec: Recorder, x: Tensor, { padding, window }: Window) {
  const before = padding === "valid" ? unpadded(rec, x) : null;
  const fits = before?.padding.every((sides, axis) =>
    sides.every((extent) => extent < (window[axis] ?? 0)),
  );
  return before && fits ? before : { x, padding, layers: [] };
}
