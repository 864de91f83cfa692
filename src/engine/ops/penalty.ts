// The penalty of a weight (Keras's kernel_regularizer): a loss, so a root of the tape, whose gradient is 1.
//   penalty = l1 · Σ |w| + l2 · Σ w², without 1/2, as Keras     dw = l1 · sign(w) + 2 · l2 · w
//   w any shape   ->   penalty ()

import shader from "../../shaders/penalty.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";

const MAX_PARTIALS = 1024;
/** Weights that an invocation of the first stage takes at least before another workgroup is worth its while. */
const PER_INVOCATION = 16;

/** Factors, each a number from 0; default 0. */
export interface Penalty {
  /** Of Σ |w|. */
  readonly l1?: number | undefined;
  /** Of Σ w². */
  readonly l2?: number | undefined;
}

type Factors = Readonly<Record<"l1" | "l2", number>>;

/** Records the penalty. Throws UsageError for a factor that is no number from 0. */
export function weightPenalty(rec: Recorder, w: Tensor, { l1 = 0, l2 = 0 }: Penalty): Tensor {
  for (const [name, factor] of Object.entries({ l1, l2 })) {
    if (factor >= 0 && Number.isFinite(factor)) continue;
    throw new UsageError(`penalty: ${name} is a number from 0, got ${factor}`);
  }
  const factors = { l1, l2 };
  const penalty = recordPenalty(rec, w, factors);
  if (rec.isWatched(w)) {
    rec.watchResult(penalty);
    rec.tape.push({
      op: "penalty",
      origin: rec.origin,
      forward: rec.writerOf(penalty),
      inputs: [w],
      output: penalty,
      isLoss: true,
      backward: () => [recordGradient(rec, w, factors)],
    });
  }
  return penalty;
}

function recordPenalty(rec: Recorder, w: Tensor, factors: Factors): Tensor {
  const elements = sizeOf(w.shape);
  const groups = Math.min(MAX_PARTIALS, ceilDiv(elements, 64 * PER_INVOCATION));
  // Squares alone are summed as they are, and scaled once.
  const scale = factors.l1 > 0 ? 1 : factors.l2;
  const sizes = { elements, vectors: ceilDiv(elements, 4), partials: groups };
  const params = { ...sizes, scale, ...factors };
  const partial = rec.allocate([groups], "penalty.partial");
  const penalty = rec.allocate([], "penalty");
  const grid = [groups, 1, 1] as const;
  const flops = 2 * elements;
  const sum = kernel("sum_terms", factors);
  rec.dispatch({ op: "penalty", kernel: sum, grid, bind: { w, partial }, params, flops });
  rec.dispatch({
    op: "penalty",
    kernel: kernel("total", factors),
    grid: [1, 1, 1],
    bind: { partials: partial, penalty },
    params,
    flops: groups,
  });
  return penalty;
}

function recordGradient(rec: Recorder, w: Tensor, factors: Factors): Tensor {
  const elements = sizeOf(w.shape);
  const vectors = ceilDiv(elements, 4);
  const dw = rec.allocate(w.shape, "penalty.dw");
  rec.dispatch({
    op: "penalty",
    kernel: kernel("backward", factors),
    grid: linearGrid(vectors, 64),
    bind: { w, dw },
    params: { elements, vectors, partials: 0, scale: 2 * factors.l2, ...factors },
    flops: elements,
  });
  return dw;
}

function kernel(entry: "sum_terms" | "total" | "backward", { l1 }: Pick<Factors, "l1">): Kernel {
  // The total is the same of both.
  return kernelFrom(shader, entry, { flags: l1 > 0 && entry !== "total" ? { L1: true } : {} });
}

/** Every kernel that this file dispatches. */
export function* penaltyKernels(): Iterable<Kernel> {
  for (const l1 of [0, 1]) {
    yield kernel("sum_terms", { l1 });
    yield kernel("backward", { l1 });
  }
  yield kernel("total", { l1: 0 });
}
