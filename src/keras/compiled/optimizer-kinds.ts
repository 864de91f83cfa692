// Keras's optimisers beside ours: the names of their classes, settings and slots, and the order of the latter in files.
//   https://github.com/keras-team/keras/blob/v3.12.0/keras/src/optimizers (build)
//   https://github.com/keras-team/keras/blob/v2.15.0/keras/optimizers (build)

import type { OptimizerName, OptimizerSettings } from "../../engine/optim/create-optimizer.ts";

type Setting = keyof OptimizerSettings;

export interface OptimizerKind {
  readonly name: OptimizerName;
  readonly className: string;
  /** Ours, Keras's, and Keras's default. */
  readonly settings: readonly (readonly [Setting, string, number | boolean])[];
  /** What is always so here, because it is not computed otherwise. */
  readonly fixed: Readonly<Record<string, boolean>>;
  /** Ours, and Keras 2's, in order of the file; which of them there are depends on settings. */
  readonly slots: readonly (readonly [string, string])[];
  /** Slots of a variable stand together; else variables of a slot do. */
  readonly isByVariable: boolean;
}

const BETAS = (beta2: number) =>
  [
    ["beta1", "beta_1", 0.9],
    ["beta2", "beta_2", beta2],
  ] as const;
const EPSILON = ["epsilon", "epsilon", 1e-7] as const;
const MOMENTS = [
  ["m", "m"],
  ["v", "v"],
] as const;

const ADAM = {
  settings: [...BETAS(0.999), EPSILON],
  ...{ fixed: { amsgrad: false }, slots: MOMENTS, isByVariable: true },
} as const;

export const OPTIMIZER_KINDS: Readonly<Record<OptimizerName, OptimizerKind>> = {
  adam: { name: "adam", className: "Adam", ...ADAM },
  adamw: { name: "adamw", className: "AdamW", ...ADAM },
  nadam: { name: "nadam", className: "Nadam", ...ADAM, fixed: {} },
  sgd: {
    ...{ name: "sgd", className: "SGD", fixed: {}, isByVariable: false },
    settings: [
      ["momentum", "momentum", 0],
      ["nesterov", "nesterov", false],
    ],
    slots: [["m", "m"]],
  },
  rmsprop: {
    ...{ name: "rmsprop", className: "RMSprop", fixed: {}, isByVariable: false },
    settings: [
      ["rho", "rho", 0.9],
      ["momentum", "momentum", 0],
      EPSILON,
      ["centered", "centered", false],
    ],
    slots: [
      ["v", "velocity"],
      ["m", "momentum"],
      ["a", "average_gradient"],
    ],
  },
  adagrad: {
    ...{ name: "adagrad", className: "Adagrad", fixed: {}, isByVariable: false },
    settings: [["initialAccumulatorValue", "initial_accumulator_value", 0.1], EPSILON],
    slots: [["s", "accumulator"]],
  },
  lion: {
    ...{ name: "lion", className: "Lion", fixed: {}, isByVariable: false },
    settings: BETAS(0.99),
    slots: [["m", "m"]],
  },
};

/** What every optimiser of Keras may have. */
export const COMMON_SETTINGS = [
  ["weightDecay", "weight_decay"],
  ["clipNorm", "clipnorm"],
  ["globalClipNorm", "global_clipnorm"],
  ["clipValue", "clipvalue"],
] as const satisfies readonly (readonly [Setting, string])[];

/** The number that Adagrad's sums begin at, which ours leave out of the slot. */
export const INITIAL_ACCUMULATOR = 0.1;
