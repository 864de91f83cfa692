// 2-D convolution layer, Keras's Conv2D.
//   input (N, H, W, I) -> output (N, OH, OW, filters); kernel (KH, KW, I, filters), bias (filters)

import { shape4 } from "../core/shape.ts";
import type { Padding } from "../core/window.ts";
import type { Activation } from "../ops/bias-activation.ts";
import { conv2d as conv2dOp } from "../ops/conv2d.ts";
import { apply } from "../program/tape.ts";
import { glorotUniform, type Initializer, zeros } from "./initializers.ts";
import type { Layer } from "./net.ts";
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
  };
  return (net, x) =>
    net.layer({ className: "Conv2D", name, inputs: [x], config: keras }, () => {
      const [, , , channels] = shape4(x.shape, "conv2d");
      const w = net.parameter({
        name: "kernel",
        shape: [kh, kw, channels, filters],
        initializer,
        l2,
      });
      const attrs = { strides, padding, activation };
      if (!useBias) return apply(net.rec, conv2dOp, [x, w], attrs);
      const b = net.parameter({ name: "bias", shape: [filters], initializer: zeros });
      return apply(net.rec, conv2dOp, [x, w, b], attrs);
    });
}
