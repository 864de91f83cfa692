// Softmax over the last axis. A loss on top of it goes back to the logits instead (softmax-cross-entropy.ts).
//   y[n,k] = exp(x[n,k] − max x[n]) / Σ exp(x[n,·] − max x[n])     dx = y · (dy − Σ dy · y)
//   x (N,K)   ->   y (N,K)

import shader from "../../shaders/softmax.wgsl";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { type Shape, shape2, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Shader } from "../core/wgsl.ts";
import type { Capabilities } from "../program/program.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";

/** A power of two that divides the workgroup of 64. */
export type RowLanes = 1 | 16 | 64;

export const ROW_LANES: readonly RowLanes[] = [1, 16, 64];

/** Invocations that share a row of `classes`. */
export function rowLanes({ isSoftware }: Capabilities, classes: number): RowLanes {
  if (isSoftware) return 1;
  return classes <= 32 ? 16 : 64;
}

export type RowOp = Op<readonly [x: Tensor], Record<string, never>, Tensor>;

/** An op from rows to rows whose shader has `forward` (x, y) and `backward` (output, dy, dx), with LANES invocations a row. */
export function rowOp(name: string, shader: Shader): RowOp {
  return {
    name,

    infer([x]) {
      return shape2(x, name);
    },

    forward(rec, [x], _attrs, shape) {
      const y = rec.allocate(shape, "y");
      const flops = 5 * sizeOf(shape);
      rec.dispatch({ ...rows(rec, "forward", shape), bind: { x, y }, flops });
      return { output: y, saved: y };
    },

    backward(rec, dy, output) {
      const dx = rec.allocate(dy.shape, "dx");
      const bind = { output, dy, dx };
      const flops = 4 * sizeOf(dy.shape);
      rec.dispatch({ ...rows(rec, "backward", dy.shape), bind, flops });
      return [dx];
    },
  };

  function rows(rec: Recorder, entry: Entry, shape: Shape) {
    const [n, classes] = shape2(shape, name);
    const lanes = rowLanes(rec.capabilities, classes);
    return {
      op: name,
      kernel: rowKernel(shader, entry, lanes),
      grid: linearGrid(n * lanes, 64),
      params: { rows: n, classes },
    };
  }
}

type Entry = "forward" | "backward";

function rowKernel(shader: Shader, entry: Entry, lanes: RowLanes): Kernel {
  return kernelFrom(shader, entry, { constants: { LANES: lanes } });
}

/** Every kernel that such an op dispatches. */
export function* kernelsOfRows(shader: Shader): Iterable<Kernel> {
  for (const lanes of ROW_LANES) {
    yield rowKernel(shader, "forward", lanes);
    yield rowKernel(shader, "backward", lanes);
  }
}

export const softmax = rowOp("softmax", shader);

/** Every kernel that this file dispatches. */
export const softmaxKernels = (): Iterable<Kernel> => kernelsOfRows(shader);
