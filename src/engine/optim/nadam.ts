// Nadam as Keras 3 computes it. The formula stands in nadam.wgsl. Keras's default rate is 0.001.

import shader from "../../shaders/nadam.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import type { AdamConfig } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { checkPositive, checkShares } from "./settings.ts";
import { dispatchWords } from "./word-dispatch.ts";

/** Nadam, with Keras's formula: Adam with Nesterov's momentum. */
export function nadam(config: AdamConfig = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = config;
  checkShares("nadam", { beta1, beta2 });
  checkPositive("nadam", { epsilon });
  const rates = { beta1, beta2, one_minus_beta1: 1 - beta1, one_minus_beta2: 1 - beta2, epsilon };
  return {
    name: "nadam",
    slots: ["m", "v"],
    stateSize: 4,
    stateAfter: (steps) => stateAfter({ beta1, beta2 }, steps),

    recordStep(rec, state) {
      if (!state) return;
      rec.dispatch({
        ...{ op: "nadam", kernel: ADVANCE, grid: [1, 1, 1], bind: { next_state: state } },
        params: { vectors: 0, stride: 0, ...rates },
      });
    },

    recordUpdate(rec, { w, dw, slots, learningRate, state }) {
      const [m, v] = slots;
      if (!(m && v && state)) throw new UsageError("nadam: takes slots m and v and a state");
      dispatchWords(rec, {
        ...{ op: "nadam", kernel: UPDATE, over: w, flopsPerElement: 16, params: rates },
        bind: { dw, learning_rate: learningRate, state, w, m, v },
      });
    },
  };
}

/** Complements of 0.96^t, P_t and β2^t, and u_t, all in float64. */
function stateAfter(
  { beta1, beta2 }: { readonly beta1: number; readonly beta2: number },
  steps: number,
): readonly number[] {
  if (steps === 0) return [0, 0, 0, 0];
  const product = momentumProduct(beta1, steps);
  return [1 - 0.96 ** steps, 1 - product, 1 - beta2 ** steps, momentumAt(beta1, steps)];
}

/** P_t: the product of u over the steps so far, in float64; 1 before the first. */
export function momentumProduct(beta1: number, steps: number): number {
  let product = 1;
  for (let step = 1; step <= steps; step++) product *= momentumAt(beta1, step);
  return product;
}

/** u_t. */
function momentumAt(beta1: number, step: number): number {
  return beta1 * (1 - 0.5 * 0.96 ** step);
}

const ADVANCE: Kernel = kernelFrom(shader, "advance");
const UPDATE: Kernel = kernelFrom(shader, "update");

/** Every kernel that Nadam may dispatch. */
export function* nadamKernels(): Iterable<Kernel> {
  yield ADVANCE;
  yield UPDATE;
}
