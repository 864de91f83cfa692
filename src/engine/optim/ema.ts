// The exponential moving average of the weights, for any optimiser: Keras's use_ema. The formula stands in ema.wgsl. Training
// and validation go on with the weights themselves; the averages take their place at the end.

import shader from "../../shaders/ema.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import type { Optimizer } from "./optimizer.ts";
import { dispatchWords } from "./word-dispatch.ts";

/** Keras's. */
export const EMA_MOMENTUM = 0.99;

/** The slot that holds the averages. */
export const AVERAGE = "average";

/** The optimiser, with an average of the weights kept after each step; `momentum` lies in [0, 1], by default 0.99. */
export function withEma(optimizer: Optimizer, momentum = EMA_MOMENTUM): Optimizer {
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new UsageError(`${optimizer.name}: emaMomentum lies in [0, 1], got ${momentum}`, {
      argument: "emaMomentum",
    });
  }
  const { slots, stateSize } = optimizer;
  const params = { momentum, place: stateSize };
  return {
    ...optimizer,
    slots: [...slots, AVERAGE],
    stateSize: stateSize + 1,

    // The averages begin anew.
    stateAfter: (steps) => [...(optimizer.stateAfter?.(steps) ?? new Array(stateSize).fill(0)), 0],

    recordStep(rec, state) {
      optimizer.recordStep(rec, stateSize > 0 ? state : null);
      if (!state) return;
      rec.dispatch({
        ...{ op: "ema", kernel: ADVANCE, grid: [1, 1, 1], bind: { next_state: state } },
        params: { vectors: 0, stride: 0, ...params },
      });
    },

    recordUpdate(rec, update) {
      const { w, state } = update;
      const own = update.slots.slice(0, slots.length);
      optimizer.recordUpdate(rec, { ...update, slots: own, state: stateSize > 0 ? state : null });
      const average = update.slots[slots.length];
      if (!(average && state)) throw new UsageError("ema: takes a slot average and a state");
      dispatchWords(rec, {
        ...{ op: "ema", kernel: UPDATE, over: w, flopsPerElement: 3, params },
        bind: { state, w, average },
      });
    },
  };
}

const ADVANCE: Kernel = kernelFrom(shader, "advance");
const UPDATE: Kernel = kernelFrom(shader, "update");

/** Every kernel that the averages dispatch. */
export function* emaKernels(): Iterable<Kernel> {
  yield ADVANCE;
  yield UPDATE;
}
