// LeNet-5 (LeCun, Bottou, Bengio, Haffner 1998, figure 2), as the study builds it for Fashion-MNIST: 32×32 input, plain
// pooling, ReLU or tanh, softmax at the end. 61,706 parameters.

import { conv2d } from "../engine/layers/conv2d.ts";
import { dense } from "../engine/layers/dense.ts";
import { type Model, sequential } from "../engine/layers/model.ts";
import { averagePooling2d, maxPooling2d } from "../engine/layers/pooling.ts";
import { flatten } from "../engine/layers/shaping.ts";

export interface Lenet5Config {
  /** Default `relu`; the paper's is a scaled tanh. */
  readonly activation?: "relu" | "tanh";
  /** Default `max`; the paper averages. */
  readonly pooling?: "max" | "average";
  /** Default 10. */
  readonly classes?: number;
}

export function lenet5(config: Lenet5Config = {}): Model {
  const { activation = "relu", classes = 10 } = config;
  const pooling2d = config.pooling === "average" ? averagePooling2d : maxPooling2d;
  return sequential(
    "lenet5",
    [32, 32, 1],
    [
      conv2d({ filters: 6, kernelSize: 5, activation }), //   C1  28×28×6
      pooling2d({ poolSize: 2 }), //                          S2  14×14×6
      conv2d({ filters: 16, kernelSize: 5, activation }), //  C3  10×10×16
      pooling2d({ poolSize: 2 }), //                          S4  5×5×16
      flatten(), //                                               400
      dense({ units: 120, activation }), //                   C5  a convolution over all of S4
      dense({ units: 84, activation }), //                    F6
      dense({ units: classes, activation: "softmax" }),
    ],
  );
}
