// Adagrad as Keras 3 computes it. The formula stands in adagrad.wgsl. Keras's default rate is 0.001.

import shader from "../../shaders/adagrad.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import type { Optimizer } from "./optimizer.ts";
import { checkPositive } from "./settings.ts";
import { dispatchWords } from "./word-dispatch.ts";

export interface AdagradConfig {
  /** What the sum of squares begins at, from 0; default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Default 1e-7, under the root. */
  readonly epsilon?: number;
}

/** Adagrad, with Keras's formula: steps shrink with the root of the sum of squared gradients. */
export function adagrad(config: AdagradConfig = {}): Optimizer {
  const { initialAccumulatorValue: initial = 0.1, epsilon = 1e-7 } = config;
  if (!(initial >= 0 && Number.isFinite(initial))) {
    throw new UsageError(`adagrad: initialAccumulatorValue is a number from 0, got ${initial}`);
  }
  checkPositive("adagrad", { epsilon });
  return {
    name: "adagrad",
    slots: ["s"],
    stateSize: 0,

    recordStep() {},

    recordUpdate(rec, { w, dw, slots, learningRate }) {
      const [s] = slots;
      if (!s) throw new UsageError("adagrad: takes a slot s");
      dispatchWords(rec, {
        ...{ op: "adagrad", kernel: UPDATE, over: w, flopsPerElement: 7 },
        bind: { dw, learning_rate: learningRate, w, s },
        params: { initial, epsilon },
      });
    },
  };
}

const UPDATE: Kernel = kernelFrom(shader, "update");

/** Every kernel that Adagrad may dispatch. */
export function* adagradKernels(): Iterable<Kernel> {
  yield UPDATE;
}
