// Layers that bring an image's values into range: Keras's Rescaling and Normalization.
//   input (…, C) -> output the same

import { affine, type PerChannel } from "../ops/affine.ts";
import { standardise } from "../ops/standardise.ts";
import { apply } from "../program/tape.ts";
import { ones, zeros } from "./initializers.ts";
import { type Layer, layerOf } from "./net.ts";

export interface RescalingConfig {
  /** One number, or one a channel. */
  readonly scale: PerChannel;
  /** Default 0. */
  readonly offset?: PerChannel;
  readonly name?: string;
}

/** x · scale + offset */
export function rescaling({ scale, offset = 0, name }: RescalingConfig): Layer {
  return layerOf({ className: "Rescaling", name, config: { scale, offset } }, (net, x) =>
    apply(net.rec, affine, [x], { scale, offset }),
  );
}

export interface NormalizationConfig {
  /** Both, or neither: then they are weights, as `adapt` leaves them, and start from 0 and 1. One number, or one a channel. */
  readonly mean?: PerChannel;
  readonly variance?: PerChannel;
  /** Undoes the normalisation; default false. */
  readonly invert?: boolean;
  readonly name?: string;
}

/** (x − mean) / max(√variance, 1e-7) over the last axis; inverted, mean + x · max(√variance, 1e-7). */
export function normalization(config: NormalizationConfig = {}): Layer {
  const { mean = null, variance = null, invert = false, name } = config;
  const keras = { axis: [-1], mean, variance, invert };
  const className = "Normalization";
  return layerOf({ className, name, config: keras }, (net, x) => {
    if (mean !== null && variance !== null) {
      const deviation = mapped(variance, (value) => Math.max(Math.sqrt(value), 1e-7));
      const attrs = invert
        ? { scale: deviation, offset: mean }
        : { centre: mean, scale: mapped(deviation, (value) => 1 / value) };
      return apply(net.rec, affine, [x], attrs);
    }
    const statistic = { shape: [x.shape.at(-1) ?? 1], trainable: false };
    const means = net.parameter({ ...statistic, name: "mean", initializer: zeros });
    const variances = net.parameter({ ...statistic, name: "variance", initializer: ones });
    // What `adapt` has seen; nothing depends on it, but files have it.
    net.parameter({ name: "count", shape: [], initializer: zeros, trainable: false });
    return apply(net.rec, standardise, [x, means, variances], { isInverted: invert });
  });
}

function mapped(values: PerChannel, map: (value: number) => number): PerChannel {
  return typeof values === "number" ? map(values) : values.map(map);
}
