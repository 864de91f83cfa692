// Fully connected layer, Keras's Dense.
//   input (N, I) -> output (N, units); kernel (I, units), bias (units)

import { shape2 } from "../core/shape.ts";
import { dense as denseOp } from "../ops/dense.ts";
import type { Activation } from "../ops/gemm/bias-activation.ts";
import { softmax } from "../ops/softmax.ts";
import { apply } from "../program/tape.ts";
import { glorotUniform, type Initializer, zeros } from "./initializers.ts";
import { l2Config } from "./l2-config.ts";
import { type Layer, layerOf } from "./net.ts";
import { positiveInteger } from "./pair.ts";

export interface DenseConfig {
  readonly units: number;
  /** Default `linear`. A cross-entropy after `softmax` is computed from the logits, as Keras does. */
  readonly activation?: Activation | "softmax";
  /** Default true. */
  readonly useBias?: boolean;
  /** Default Glorot uniform. */
  readonly kernelInitializer?: Initializer;
  /** Adds this factor times Σ kernel² to the loss; default 0. */
  readonly kernelRegularizerL2?: number;
  readonly name?: string;
}

export function dense(config: DenseConfig): Layer {
  const { units, activation = "linear", useBias = true } = config;
  positiveInteger(units, "dense: units");
  const { kernelInitializer: initializer = glorotUniform, kernelRegularizerL2: l2, name } = config;
  const attrs = { activation: activation === "softmax" ? "linear" : activation } as const;
  const keras = { units, activation, use_bias: useBias, ...l2Config(l2) };
  return layerOf({ className: "Dense", name, config: keras }, (net, x) => {
    const [, features] = shape2(x.shape, "dense");
    const w = net.parameter({ name: "kernel", shape: [features, units], initializer, l2 });
    const b = useBias ? net.parameter({ name: "bias", shape: [units], initializer: zeros }) : null;
    const z = apply(net.rec, denseOp, b ? [x, w, b] : [x, w], attrs);
    return activation === "softmax" ? apply(net.rec, softmax, [z], {}) : z;
  });
}
