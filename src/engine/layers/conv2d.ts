// 2-D convolution layer, Keras's Conv2D.
//   input (N, H, W, I) -> output (N, OH, OW, filters); kernel (KH, KW, I, filters), bias (filters)

import { shape4 } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Padding } from "../core/window.ts";
import { conv2d as conv2dOp } from "../ops/conv2d/conv2d.ts";
import type { Activation } from "../ops/gemm/bias-activation.ts";
import { unpadded } from "../ops/zero-padding.ts";
import type { Recorder } from "../program/recorder.ts";
import { apply } from "../program/tape.ts";
import { glorotUniform, type Initializer, zeros } from "./initializers.ts";
import { l2Config } from "./l2-config.ts";
import { type Layer, layerOf } from "./net.ts";
import { type Pair, pairOf, positiveInteger } from "./pair.ts";

export interface Conv2dConfig {
  readonly filters: number;
  readonly kernelSize: Pair;
  /** Default 1. */
  readonly strides?: Pair;
  /** Default `valid`. */
  readonly padding?: Padding;
  /** Default `linear`. */
  readonly activation?: Activation;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default Glorot uniform. */
  readonly kernelInitializer?: Initializer;
  /** Adds this factor times Σ kernel² to the loss; default 0. */
  readonly kernelRegularizerL2?: number;
  readonly name?: string;
}

export function conv2d(config: Conv2dConfig): Layer {
  const { filters, padding = "valid", activation = "linear", useBias = true } = config;
  positiveInteger(filters, "conv2d: filters");
  const [kh, kw] = pairOf(config.kernelSize, "conv2d: kernelSize");
  const strides = pairOf(config.strides ?? 1, "conv2d: strides");
  const { kernelInitializer: initializer = glorotUniform, kernelRegularizerL2: l2, name } = config;
  const keras = {
    filters,
    kernel_size: [kh, kw],
    strides,
    padding,
    activation,
    use_bias: useBias,
    ...l2Config(l2),
  };
  return layerOf({ className: "Conv2D", name, config: keras }, (net, x) => {
    const [, , , channels] = shape4(x.shape, "conv2d");
    const w = net.parameter({
      name: "kernel",
      shape: [kh, kw, channels, filters],
      initializer,
      l2,
    });
    const source = sourceOf(net.rec, x, { padding, window: [kh, kw] });
    const attrs = { strides, activation, padding: source.padding };
    const b = useBias
      ? net.parameter({ name: "bias", shape: [filters], initializer: zeros })
      : null;
    return net.rec.folding(source.layers, () =>
      apply(net.rec, conv2dOp, b ? [source.x, w, b] : [source.x, w], attrs),
    );
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
