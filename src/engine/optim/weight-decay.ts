// Weight decay apart from the gradient, for any optimiser: with Adam it is AdamW. The formula stands in
// weight-decay.wgsl. As with Keras, every trainable variable decays, biases too.

import shader from "../../shaders/weight-decay.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { type AdamConfig, adam } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { dispatchWords } from "./word-dispatch.ts";

/** Keras's, of AdamW. */
export const ADAMW_DECAY = 0.004;

/** The optimiser with its weights decayed before each step; `decay` is a number from 0, and 0 gives it back as it is. */
export function withWeightDecay(optimizer: Optimizer, decay: number): Optimizer {
  if (!(decay >= 0 && Number.isFinite(decay))) {
    throw new UsageError(`${optimizer.name}: weightDecay is a number from 0, got ${decay}`);
  }
  if (decay === 0) return optimizer;
  return {
    ...optimizer,
    recordUpdate(rec, update) {
      const { w, learningRate } = update;
      dispatchWords(rec, {
        ...{ op: "weight-decay", kernel: DECAY, over: w, flopsPerElement: 2 },
        bind: { learning_rate: learningRate, w },
        params: { decay },
      });
      optimizer.recordUpdate(rec, update);
    },
  };
}

/** Adam with Keras's weight decay of 0.004, or another. */
export function adamw(config: AdamConfig & { readonly weightDecay?: number } = {}): Optimizer {
  return { ...withWeightDecay(adam(config), config.weightDecay ?? ADAMW_DECAY), name: "adamw" };
}

const DECAY: Kernel = kernelFrom(shader, "decay");

/** Every kernel that weight decay dispatches. */
export function* weightDecayKernels(): Iterable<Kernel> {
  yield DECAY;
}
