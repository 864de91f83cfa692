// LeNet-5 (LeCun, Bottou, Bengio, Haffner 1998, figure 2), as the study builds it for Fashion-MNIST: 32×32 input, plain
// pooling, ReLU or tanh, softmax at the end. 61,706 parameters for grey images of ten classes.

import { conv2d } from "../engine/layers/conv2d.ts";
import { dense } from "../engine/layers/dense.ts";
import { type Model, sequential } from "../engine/layers/model.ts";
import { averagePooling2d, maxPooling2d } from "../engine/layers/pooling.ts";
import { dropout, flatten } from "../engine/layers/shaping.ts";
import { memoise } from "./memoise.ts";
import type { Choices, ModelKind } from "./model-kind.ts";
import { CLASSES_SETTING, defaultsOf, L2_SETTING, type Settings } from "./setting.ts";

/** LeNet-5's settings; the defaults are the study's. */
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
  /** Adds so many times Σ kernel² of every layer to the loss; default 0. */
  readonly l2?: number;
  /** Default 10. */
  readonly classes?: number;
  /** Of the images: 1, the default, or 3. */
  readonly channels?: 1 | 3;
  /** How an image becomes 32×32: `unit`, the default, centres it in zeros; `resized` interpolates, whatever its size. */
  readonly preprocessing?: "unit" | "resized";
}

const SETTINGS: Settings<Lenet5Config> = {
  activation: {
    ...{ type: "choice", choices: ["relu", "tanh"], default: "relu" },
    ...{ flag: "activation", help: "of the hidden layers" },
  },
  pooling: {
    ...{ type: "choice", choices: ["max", "average"], default: "max" },
    ...{ flag: "pooling", help: "of the pooling layers" },
  },
  filters: { type: "pair", default: [6, 16], help: "of the convolutions" },
  kernelSize: { type: "integer", min: 1, default: 5, help: "of both convolutions" },
  units: { type: "pair", default: [120, 84], help: "of the hidden dense layers" },
  dropout: { type: "number", min: 0, below: 1, default: 0, help: "of the dense layers' inputs" },
  l2: L2_SETTING,
  classes: CLASSES_SETTING,
  channels: { type: "choice", choices: [1, 3], default: 1, help: "of the images" },
  preprocessing: {
    ...{ type: "choice", choices: ["unit", "resized"], default: "unit" },
    help: "unit centres an image in 32×32 zeros, resized interpolates",
  },
};

const DEFAULTS = defaultsOf(SETTINGS);

/** LeNet-5 (LeCun et al. 1998): two convolutions with pooling, then three dense layers. */
export function lenet5(config: Lenet5Config = {}): Model {
  const { activation, pooling, kernelSize, dropout: rate, l2 } = { ...DEFAULTS, ...config };
  const { filters, units, classes, channels } = { ...DEFAULTS, ...config };
  const { preprocessing } = { ...DEFAULTS, ...config };
  const pooling2d = pooling === "max" ? maxPooling2d : averagePooling2d;
  const drop = rate > 0 ? [dropout({ rate })] : [];
  const all = { activation, kernelRegularizerL2: l2 };
  const network = sequential(
    "lenet5",
    [32, 32, channels],
    [
      conv2d({ ...all, filters: filters[0], kernelSize }), // C1  28×28×6
      pooling2d({ poolSize: 2 }), //                          S2  14×14×6
      conv2d({ ...all, filters: filters[1], kernelSize }), // C3  10×10×16
      pooling2d({ poolSize: 2 }), //                          S4  5×5×16
      flatten(), //                                               400
      ...drop,
      dense({ ...all, units: units[0] }), //                  C5  a convolution over all of S4
      ...drop,
      dense({ ...all, units: units[1] }), //                  F6
      dense({ ...all, units: classes, activation: "softmax" }),
    ],
  );
  return preprocessing === "unit" ? network : { ...network, preprocessing };
}

/**
 * What the paper and the study leave open, around the network of 1998, which is the default. Kept within about four times
 * its work, so that a search of ten trials stays a matter of minutes.
 */
function vary(hp: Choices, config: Lenet5Config): Lenet5Config {
  const filters = [
    hp.int("filters_1", { min: 6, max: 12, step: 2 }),
    hp.int("filters_2", { min: 16, max: 32, step: 8 }),
  ] as const;
  const kernelSize = hp.choice("kernel_size", [5, 3]);
  const activation = hp.choice("activation", ["relu", "tanh"]);
  const pooling = hp.choice("pooling", ["max", "average"]);
  const units = [
    hp.int("units_1", { min: 60, max: 240, step: 60, default: 120 }),
    hp.int("units_2", { min: 42, max: 168, step: 42, default: 84 }),
  ] as const;
  const rate = hp.float("dropout", { min: 0, max: 0.5, step: 0.1 });
  const { classes } = DEFAULTS;
  return { classes, ...config, activation, pooling, filters, kernelSize, units, dropout: rate };
}

export const LENET5: ModelKind<"lenet5", Lenet5Config> = {
  name: "lenet5",
  family: "lenet5",
  settings: SETTINGS,
  configure: ({ l2 = 0, ...given }) => ({
    activation: DEFAULTS.activation,
    pooling: DEFAULTS.pooling,
    classes: DEFAULTS.classes,
    ...given,
    ...(l2 > 0 ? { l2 } : {}),
  }),
  create: memoise(lenet5),
  search: { vary, keeps: [], learningRate: { min: 3e-4, max: 1e-2 } },
  backbone: null,
};
