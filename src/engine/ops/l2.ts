// The L2 penalty of a weight (Keras's kernel_regularizer): a loss, so a root of the tape, whose gradient is 1.
//   penalty = factor · Σ w², without 1/2, as Keras     dw = 2 · factor · w
//   w any shape   ->   penalty ()

import shader from "../../shaders/l2.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";

const MAX_PARTIALS = 1024;
/** Weights that an invocation of the first stage takes at least before another workgroup is worth its while. */
const PER_INVOCATION = 16;

/** Records the penalty; factor is a number from 0. */
export function l2Penalty(rec: Recorder, w: Tensor, factor: number): Tensor {
  if (!(factor >= 0 && Number.isFinite(factor))) {
    throw new UsageError(`l2: factor is a number from 0, got ${factor}`);
  }
  const penalty = recordPenalty(rec, w, factor);
  if (rec.isWatched(w)) {
    rec.watch(penalty);
    rec.tape.push({
      op: "l2",
      origin: rec.origin,
      forward: rec.writerOf(penalty),
      inputs: [w],
      output: penalty,
      isLoss: true,
      backward: () => [recordGradient(rec, w, factor)],
    });
  }
  return penalty;
}

function recordPenalty(rec: Recorder, w: Tensor, factor: number): Tensor {
  const elements = sizeOf(w.shape);
  const groups = Math.min(MAX_PARTIALS, ceilDiv(elements, 64 * PER_INVOCATION));
  const params = { elements, vectors: ceilDiv(elements, 4), partials: groups, scale: factor };
  const partial = rec.allocate([groups], "l2.partial");
  const penalty = rec.allocate([], "l2");
  const grid = [groups, 1, 1] as const;
  const flops = 2 * elements;
  rec.dispatch({ op: "l2", kernel: SQUARES, grid, bind: { w, partial }, params, flops });
  rec.dispatch({
    op: "l2",
    kernel: TOTAL,
    grid: [1, 1, 1],
    bind: { partials: partial, penalty },
    params,
    flops: groups,
  });
  return penalty;
}

function recordGradient(rec: Recorder, w: Tensor, factor: number): Tensor {
  const elements = sizeOf(w.shape);
  const vectors = ceilDiv(elements, 4);
  const dw = rec.allocate(w.shape, "l2.dw");
  rec.dispatch({
    op: "l2",
    kernel: BACKWARD,
    grid: linearGrid(vectors, 64),
    bind: { w, dw },
    params: { elements, vectors, partials: 0, scale: 2 * factor },
    flops: elements,
  });
  return dw;
}

const SQUARES: Kernel = kernelFrom(shader, "sum_squares");
const TOTAL: Kernel = kernelFrom(shader, "total");
const BACKWARD: Kernel = kernelFrom(shader, "backward");

/** Every kernel that this file dispatches. */
export function* l2Kernels(): Iterable<Kernel> {
  yield SQUARES;
  yield TOTAL;
  yield BACKWARD;
}
