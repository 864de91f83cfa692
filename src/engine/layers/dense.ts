// Fully connected layer, Keras's Dense.
//   input (N, I) -> output (N, units), or (N, …, I) -> (N, …, units), each vector by itself; kernel (I, units), bias (units)

import type { Tensor } from "../core/tensor.ts";
import { dense as denseOp } from "../ops/dense.ts";
import { reshape } from "../ops/reshape.ts";
import type { Recorder } from "../program/recorder.ts";
import { apply } from "../program/tape.ts";
import {
  type ActivationOption,
  activationConfig,
  fusedPart,
  recordRest,
} from "./activation-names.ts";
import { glorotUniform, type Initializer, zeros } from "./initializers.ts";
import { type Layer, layerOf } from "./net.ts";
import { positiveInteger } from "./pair.ts";
import { type KernelPenalty, penaltyOf, regularizerConfig } from "./regularizer-config.ts";

/** Keras's Dense. */
export interface DenseConfig extends KernelPenalty {
  readonly units: number;
  /** Default `linear`. A cross-entropy after `softmax` is computed from the logits, as Keras does. */
  readonly activation?: ActivationOption;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default Glorot uniform. */
  readonly kernelInitializer?: Initializer;
  readonly name?: string;
}

/** A fully connected layer: (N, inputs) -> (N, units), activation(x · kernel + bias). */
export function dense(config: DenseConfig): Layer {
  const { units, activation = "linear", useBias = true } = config;
  positiveInteger(units, "dense: units");
  const { kernelInitializer: initializer = glorotUniform, name } = config;
  const penalty = penaltyOf(config);
  const attrs = { activation: fusedPart(activation) };
  const keras = {
    ...{ units, activation: activationConfig(activation), use_bias: useBias },
    ...regularizerConfig(penalty),
  };
  return layerOf({ className: "Dense", name, config: keras }, (net, x) => {
    const features = x.shape.at(-1) ?? 1;
    const w = net.parameter({ name: "kernel", shape: [features, units], initializer, penalty });
    const b = useBias ? net.parameter({ name: "bias", shape: [units], initializer: zeros }) : null;
    const rows = x.shape.length === 2 ? x : asRows(net.rec, x);
    const z = apply(net.rec, denseOp, b ? [rows, w, b] : [rows, w], attrs);
    const y = recordRest(net.rec, z, activation);
    if (rows === x) return y;
    return apply(net.rec, reshape, [y], { shape: [...x.shape.slice(0, -1), units] });
  });
}

function asRows(rec: Recorder, x: Tensor): Tensor {
  return apply(rec, reshape, [x], { shape: [-1, x.shape.at(-1) ?? 1] });
}
