// RMSprop (Hinton 2012) as Keras 3 computes it. The formula stands in rmsprop.wgsl. Keras's default rate is 0.001.

import shader from "../../shaders/rmsprop.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import type { Optimizer } from "./optimizer.ts";
import { checkPositive, checkShares } from "./settings.ts";
import { dispatchWords } from "./word-dispatch.ts";

export interface RmspropConfig {
  /** Decay of the mean square; default 0.9. */
  readonly rho?: number;
  /** Share of the last step that the next takes over; default 0: none, and no slot to keep it in. */
  readonly momentum?: number;
  /** Default 1e-7, under the root. */
  readonly epsilon?: number;
  /** Divide by the standard deviation of the gradient instead of its root mean square; default false. */
  readonly centered?: boolean;
}

/** RMSprop, with Keras's formula: steps are divided by the root of a moving average of squared gradients. */
export function rmsprop(config: RmspropConfig = {}): Optimizer {
  const { rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false } = config;
  checkShares("rmsprop", { rho, momentum });
  checkPositive("rmsprop", { epsilon });
  const hasMomentum = momentum > 0;
  const update = kernel(hasMomentum, centered);
  const names = ["v", ...(hasMomentum ? ["m"] : []), ...(centered ? ["a"] : [])];
  return {
    name: "rmsprop",
    slots: names,
    stateSize: 0,

    recordStep() {},

    recordUpdate(rec, { w, dw, slots, learningRate }) {
      if (slots.length !== names.length) throw new UsageError(`rmsprop: takes slots ${names}`);
      const own = Object.fromEntries(slots.map((slot, index) => [names[index], slot]));
      dispatchWords(rec, {
        ...{ op: "rmsprop", kernel: update, over: w, flopsPerElement: 8 },
        bind: { dw, learning_rate: learningRate, w, ...own },
        params: { rho, one_minus_rho: 1 - rho, momentum, epsilon },
      });
    },
  };
}

function kernel(MOMENTUM: boolean, CENTERED: boolean): Kernel {
  return kernelFrom(shader, "update", { flags: { MOMENTUM, CENTERED } });
}

/** Every kernel that RMSprop may dispatch. */
export function* rmspropKernels(): Iterable<Kernel> {
  for (const centered of [false, true]) {
    for (const hasMomentum of [false, true]) yield kernel(hasMomentum, centered);
  }
}
