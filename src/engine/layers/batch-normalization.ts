// Batch normalisation layer, Keras's BatchNormalization.
//   input (N, …, C) -> output like the input; gamma, beta (C) where there are any, moving_mean, moving_variance (C, not trainable)

import { batchNormalization as batchNormalizationOp } from "../ops/batch-normalization.ts";
import { apply } from "../program/tape.ts";
import { ones, zeros } from "./initializers.ts";
import { type Layer, layerOf } from "./net.ts";

export interface BatchNormalizationConfig {
  /** Share of the old moving statistics that stays; default 0.99. */
  readonly momentum?: number;
  /** Added to the variance; default 1e-3. */
  readonly epsilon?: number;
  /** Whether channels are multiplied by a gamma; default true. */
  readonly scale?: boolean;
  /** Whether a beta is added to channels; default true. */
  readonly center?: boolean;
  /** Frozen: gamma and beta stay, and the moving statistics are used also while training. Default true. */
  readonly trainable?: boolean;
  readonly name?: string;
}

/** Normalises each channel: by the batch's statistics while training, by the moving ones else. y = (x − mean) / √(variance + epsilon) · gamma + beta. */
export function batchNormalization(config: BatchNormalizationConfig = {}): Layer {
  const { momentum = 0.99, epsilon = 1e-3, trainable = true, name } = config;
  const { scale = true, center = true } = config;
  const keras = { axis: -1, momentum, epsilon, center, scale };
  return layerOf({ className: "BatchNormalization", name, config: keras }, (net, x) => {
    const shape = [x.shape.at(-1) ?? 0];
    const line = { shape, trainable, isFull: true };
    const affine = [
      ...(scale ? [net.parameter({ ...line, name: "gamma", initializer: ones })] : []),
      ...(center ? [net.parameter({ ...line, name: "beta", initializer: zeros })] : []),
    ];
    const statistic = { shape, trainable: false };
    const moving = {
      mean: net.parameter({ ...statistic, name: "moving_mean", initializer: zeros }),
      variance: net.parameter({ ...statistic, name: "moving_variance", initializer: ones }),
    };
    const training = net.training && trainable && !net.isFrozen;
    return apply(net.rec, batchNormalizationOp, [x, ...affine], {
      training,
      scale,
      center,
      moving,
      momentum,
      epsilon,
    });
  });
}
