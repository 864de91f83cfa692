// Lion as Keras 3 computes it. The formula stands in lion.wgsl. Keras's default rate is 0.001.

import shader from "../../shaders/lion.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import type { Optimizer } from "./optimizer.ts";
import { checkShares } from "./settings.ts";
import { dispatchWords } from "./word-dispatch.ts";

export interface LionConfig {
  /** Share of the momentum in the step; default 0.9. */
  readonly beta1?: number;
  /** Decay of the momentum; default 0.99. */
  readonly beta2?: number;
}

/** Lion, with Keras's formula: steps of one size, by the sign of an average of gradients. */
export function lion(config: LionConfig = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.99 } = config;
  checkShares("lion", { beta1, beta2 });
  return {
    name: "lion",
    slots: ["m"],
    stateSize: 0,

    recordStep() {},

    recordUpdate(rec, { w, dw, slots, learningRate }) {
      const [m] = slots;
      if (!m) throw new UsageError("lion: takes a slot m");
      dispatchWords(rec, {
        ...{ op: "lion", kernel: UPDATE, over: w, flopsPerElement: 9 },
        bind: { dw, learning_rate: learningRate, w, m },
        params: { beta1, beta2, one_minus_beta1: 1 - beta1, one_minus_beta2: 1 - beta2 },
      });
    },
  };
}

const UPDATE: Kernel = kernelFrom(shader, "update");

/** Every kernel that Lion may dispatch. */
export function* lionKernels(): Iterable<Kernel> {
  yield UPDATE;
}
