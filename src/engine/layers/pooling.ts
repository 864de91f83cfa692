// Pooling layers, Keras's MaxPooling2D, AveragePooling2D, GlobalMaxPooling2D and GlobalAveragePooling2D.
//   input (N, H, W, C) -> output (N, OH, OW, C), or (N, C) of the global ones, or (N, 1, 1, C)

import type { Tensor } from "../core/tensor.ts";
import type { Padding } from "../core/window.ts";
import { globalAveragePool2d } from "../ops/pool/global-average-pool2d.ts";
import { globalMaxPool2d } from "../ops/pool/global-max-pool2d.ts";
import { averagePool2d, maxPool2d } from "../ops/pool/pool2d.ts";
import { reshape } from "../ops/reshape.ts";
import { apply, type Op } from "../program/tape.ts";
import { type Layer, layerOf } from "./net.ts";
import { type Pair, pairOf } from "./pair.ts";

export interface Pooling2dConfig {
  /** Default 2. */
  readonly poolSize?: Pair;
  /** Default: the pool's size. */
  readonly strides?: Pair;
  /** Default `valid`. */
  readonly padding?: Padding;
  readonly name?: string;
}

/** The greatest element of every window, by channel: (N, H, W, C) -> (N, OH, OW, C). Windows are 2 × 2 by default, side by side. */
export function maxPooling2d(config: Pooling2dConfig = {}): Layer {
  return pooling("MaxPooling2D", maxPool2d, config);
}

/** The average of every window, by channel, of the elements that are not padding. Windows are 2 × 2 by default, side by side. */
export function averagePooling2d(config: Pooling2dConfig = {}): Layer {
  return pooling("AveragePooling2D", averagePool2d, config);
}

export interface GlobalPooling2dConfig {
  /** Keeps rows and columns, of extent 1: (N, 1, 1, C); default false. */
  readonly keepDims?: boolean;
  readonly name?: string;
}

/** The average of each channel: (N, H, W, C) -> (N, C). */
export function globalAveragePooling2d(config: GlobalPooling2dConfig = {}): Layer {
  return globalPooling("GlobalAveragePooling2D", globalAveragePool2d, config);
}

/** The greatest element of each channel: (N, H, W, C) -> (N, C). */
export function globalMaxPooling2d(config: GlobalPooling2dConfig = {}): Layer {
  return globalPooling("GlobalMaxPooling2D", globalMaxPool2d, config);
}

function pooling(className: string, op: typeof maxPool2d, config: Pooling2dConfig): Layer {
  const { poolSize = 2, strides = poolSize, padding = "valid", name } = config;
  const attrs = {
    poolSize: pairOf(poolSize, `${className}: poolSize`),
    strides: pairOf(strides, `${className}: strides`),
    padding,
  };
  const keras = { pool_size: attrs.poolSize, strides: attrs.strides, padding };
  return layerOf({ className, name, config: keras }, (net, x) => apply(net.rec, op, [x], attrs));
}

function globalPooling<Saved>(
  className: string,
  op: Op<readonly [x: Tensor], Record<string, never>, Saved>,
  { keepDims = false, name }: GlobalPooling2dConfig,
): Layer {
  // Said only where it is on: Keras before 2.6 does not know it.
  const config = keepDims ? { keepdims: true } : {};
  return layerOf({ className, name, config }, (net, x) => {
    const y = apply(net.rec, op, [x], {});
    const [rows = 1, channels = 1] = y.shape;
    return keepDims ? apply(net.rec, reshape, [y], { shape: [rows, 1, 1, channels] }) : y;
  });
}
