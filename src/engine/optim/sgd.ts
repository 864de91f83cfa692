// Stochastic gradient descent, plain or with momentum (Polyak's or Nesterov's), as Keras computes it. The formula stands
// in sgd.wgsl. Keras's default learning rate for it is 0.01.

import shader from "../../shaders/sgd.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import { linearGrid } from "../program/recorder.ts";
import { wordStride } from "../program/word-stride.ts";
import type { Optimizer } from "./optimizer.ts";

/** Of stochastic gradient descent; plain by default. */
export interface SgdConfig {
  /** Share of the last step that the next takes over; default 0: none, and no slot to keep it in. */
  readonly momentum?: number;
  /** Look ahead along the momentum (Nesterov 1983); default false. Without momentum it changes nothing. */
  readonly nesterov?: boolean;
}

/** Stochastic gradient descent, plain or with momentum (Polyak's or Nesterov's), with Keras's formula. */
export function sgd(config: SgdConfig = {}): Optimizer {
  const { momentum = 0, nesterov = false } = config;
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new UsageError(`sgd: momentum lies in [0, 1], got ${momentum}`);
  }
  const update = kernel(momentum > 0, nesterov);
  return {
    name: "sgd",
    slots: momentum > 0 ? ["m"] : [],
    stateSize: 0,

    recordStep() {},

    recordUpdate(rec, { w, dw, slots, learningRate }) {
      const [m] = slots;
      if (momentum > 0 && !m) throw new UsageError("sgd: takes a slot m");
      const elements = sizeOf(w.shape);
      const vectors = ceilDiv(elements, 4);
      const stride = wordStride(rec, vectors);
      rec.dispatch({
        op: "sgd",
        kernel: update,
        grid: linearGrid(stride, 64),
        bind: { dw, learning_rate: learningRate, w, ...(momentum > 0 && m ? { m } : {}) },
        params: { vectors, stride, momentum },
        flops: (momentum > 0 ? 4 : 2) * elements,
      });
    },
  };
}

/** Every kernel that SGD may dispatch. */
export function* sgdKernels(): Iterable<Kernel> {
  yield kernel(false, false);
  yield kernel(true, false);
  yield kernel(true, true);
}

function kernel(hasMomentum: boolean, nesterov: boolean): Kernel {
  const flags = { MOMENTUM: hasMomentum, NESTEROV: hasMomentum && nesterov };
  return kernelFrom(shader, "update", { flags });
}
