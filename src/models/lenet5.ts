// LeNet-5 (LeCun, Bottou, Bengio, Haffner 1998, figure 2), as the study builds it for Fashion-MNIST: 32×32 input, plain
// pooling, ReLU or tanh, softmax at the end. 61,706 parameters.

import { conv2d } from "../engine/layers/conv2d.ts";
import { dense } from "../engine/layers/dense.ts";
import { type Model, sequential } from "../engine/layers/model.ts";
import { averagePooling2d, maxPooling2d } from "../engine/layers/pooling.ts";
import { dropout, flatten } from "../engine/layers/shaping.ts";

export interface Lenet5Config {
  /** Default `relu`; the paper's is a scaled tanh. */
  readonly activation?: "relu" | "tanh";
  /** Default `max`; the paper averages. */
  readonly pooling?: "max" | "average";
  /** Filters of C1 and C3; default 6 and 16. */
  readonly filters?: readonly [number, number];
  /** Of both convolutions; default 5. */
  readonly kernelSize?: number;
  /** Units of C5 and F6; default 120 and 84. */
  readonly units?: readonly [number, number];
  /** Share of the dense layers' inputs that is dropped while training; default 0. */
  readonly dropout?: number;
  /** Default 10. */
  readonly classes?: number;
}

export function lenet5(config: Lenet5Config = {}): Model {
  const { activation = "relu", pooling = "max", kernelSize = 5, dropout: rate = 0 } = config;
  const { filters = [6, 16], units = [120, 84], classes = 10 } = config;
  const pooling2d = pooling === "max" ? maxPooling2d : averagePooling2d;
  const drop = rate > 0 ? [dropout({ rate })] : [];
  return sequential(
    "lenet5",
    [32, 32, 1],
    [
      conv2d({ filters: filters[0], kernelSize, activation }), // C1  28×28×6
      pooling2d({ poolSize: 2 }), //                              S2  14×14×6
      conv2d({ filters: filters[1], kernelSize, activation }), // C3  10×10×16
      pooling2d({ poolSize: 2 }), //                              S4  5×5×16
      flatten(), //                                                   400
      ...drop,
      dense({ units: units[0], activation }), //                  C5  a convolution over all of S4
      ...drop,
      dense({ units: units[1], activation }), //                  F6
      dense({ units: classes, activation: "softmax" }),
    ],
  );
}
