// The logarithm of softmax over the last axis, which no probability is too small for.
//   y[n,k] = x[n,k] − max x[n] − log Σ exp(x[n,·] − max x[n])     dx = dy − exp(y) · Σ dy
//   x (N,K)   ->   y (N,K)

import shader from "../../shaders/log-softmax.wgsl";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { type Shape, shape2, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";
import { ROW_LANES, type RowLanes, rowLanes } from "./softmax.ts";

type Entry = "forward" | "backward";

export const logSoftmax: Op<readonly [x: Tensor], Record<string, never>, Tensor> = {
  name: "log-softmax",

  infer([x]) {
    return shape2(x, "log-softmax");
  },

  forward(rec, [x], _attrs, shape) {
    const y = rec.allocate(shape, "y");
    rec.dispatch({ ...rows(rec, "forward", shape), bind: { x, y }, flops: 5 * sizeOf(shape) });
    return { output: y, saved: y };
  },

  backward(rec, dy, output) {
    const dx = rec.allocate(dy.shape, "dx");
    const bind = { output, dy, dx };
    rec.dispatch({ ...rows(rec, "backward", dy.shape), bind, flops: 4 * sizeOf(dy.shape) });
    return [dx];
  },
};

function rows(rec: Recorder, entry: Entry, shape: Shape) {
  const [n, classes] = shape2(shape, "log-softmax");
  const lanes = rowLanes(rec.capabilities, classes);
  return {
    op: "log-softmax",
    kernel: kernel(entry, lanes),
    grid: linearGrid(n * lanes, 64),
    params: { rows: n, classes },
  };
}

function kernel(entry: Entry, lanes: RowLanes): Kernel {
  return kernelFrom(shader, entry, { constants: { LANES: lanes } });
}

/** Every kernel that this file dispatches. */
export function* logSoftmaxKernels(): Iterable<Kernel> {
  for (const lanes of ROW_LANES) {
    yield kernel("forward", lanes);
    yield kernel("backward", lanes);
  }
}
