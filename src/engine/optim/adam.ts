// Adam (Kingma and Ba 2015) as Keras computes it: epsilon is added to the uncorrected sqrt(v), unlike the paper's
// algorithm 1 and PyTorch. The formula stands in adam.wgsl.

import shader from "../../shaders/adam.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import type { Flags } from "../core/wgsl.ts";
import { withJoined } from "../program/joined.ts";
import type { Program } from "../program/program.ts";
import { linearGrid } from "../program/recorder.ts";
import { wordStride } from "../program/word-stride.ts";
import type { Optimizer } from "./optimizer.ts";

/** Of Adam, AdamW and Nadam; defaults are Keras's. */
export interface AdamConfig {
  /** Decay of the first moment; default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment; default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7, Keras's. */
  readonly epsilon?: number;
}

/** Adam, with Keras's formula: epsilon is added to the root of the uncorrected second moment. */
export function adam(config: AdamConfig = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = config;
  for (const [name, beta] of Object.entries({ beta1, beta2 })) {
    if (!(beta >= 0 && beta < 1)) throw new UsageError(`adam: ${name} lies in [0, 1), got ${beta}`);
  }
  if (!(epsilon >= 0)) throw new UsageError(`adam: epsilon is at least 0, got ${epsilon}`);
  const rates = { beta1, beta2, one_minus_beta1: 1 - beta1, one_minus_beta2: 1 - beta2, epsilon };
  return {
    name: "adam",
    slots: ["m", "v"],
    stateSize: 2,
    stateAfter: (steps) => [1 - beta1 ** steps, 1 - beta2 ** steps],

    recordStep(rec, state) {
      if (!state) return;
      rec.dispatch({
        op: "adam",
        kernel: kernel("advance"),
        grid: [1, 1, 1],
        bind: { next_corrections: state },
        params: { vectors: 0, stride: 0, ...rates },
      });
    },

    recordUpdate(rec, { w, dw, slots, learningRate, state }) {
      const [m, v] = slots;
      if (!(m && v && state)) throw new UsageError("adam: takes slots m and v and a state");
      const elements = sizeOf(w.shape);
      const vectors = ceilDiv(elements, 4);
      const stride = wordStride(rec, vectors);
      rec.dispatch({
        op: "adam",
        kernel: kernel("update"),
        grid: linearGrid(stride, 64),
        bind: { dw, learning_rate: learningRate, corrections: state, w, m, v },
        params: { vectors, stride, ...rates },
        flops: 13 * elements,
      });
    },
  };
}

/**
 * The program of a step whose corrections and clock advance in one dispatch, where it has both and nobody between them reads the
 * clock.
 */
export function joinCounters(program: Program): Program {
  const { dispatches } = program;
  const find = (label: string) => dispatches.find(({ kernel }) => kernel.label === label);
  const [at, clock] = [find(kernel("advance").label), find("gather/advance")];
  const [corrections, next] = [at?.bindings["next_corrections"], clock?.bindings["next_clock"]];
  if (!(at && clock && corrections && next)) return program;
  const request = {
    ...{ op: at.op, kernel: kernel("advance", { CLOCK: true }), grid: at.grid },
    bind: { next_corrections: corrections.tensor, next_clock: next.tensor },
    params: { ...at.params, batch: clock.params["batch"] ?? 0 },
  };
  const { layers, site } = at;
  return withJoined(program, { at, others: [clock], request, layers, site }) ?? program;
}

function kernel(entry: string, flags: Flags = {}): Kernel {
  return kernelFrom(shader, entry, { flags });
}

export function* adamKernels(): Iterable<Kernel> {
  yield kernel("advance");
  yield kernel("advance", { CLOCK: true });
  yield kernel("update");
}
