// Copies neighbouring columns between row-major matrices, for products that are computed piece by piece. Not an op: it
// has no gradient.

import shader from "../../../shaders/gemm/copy-columns.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { shape2 } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";

export interface Columns {
  readonly tensor: Tensor;
  /** The first of them. */
  readonly first: number;
}

/** Records the copy of `count` columns; `op` is the op on whose behalf. */
export function recordColumns(
  rec: Recorder,
  request: { readonly op: string; readonly from: Columns; readonly to: Columns; count: number },
): void {
  const { op, from, to, count } = request;
  const [rows, fromWidth] = shape2(from.tensor.shape, op);
  const [, toWidth] = shape2(to.tensor.shape, op);
  const extents = [count, fromWidth, from.first, toWidth, to.first];
  const lanes = extents.every((extent) => extent % 4 === 0) ? 4 : 1;
  const [columns = 0, from_width = 0, from_first = 0, to_width = 0, to_first = 0] = extents.map(
    (extent) => extent / lanes,
  );
  rec.dispatch({
    op,
    kernel: kernelOf(lanes === 4),
    grid: linearGrid(rows * columns, 64),
    bind: { source: from.tensor, destination: to.tensor },
    params: { rows, columns, from_width, from_first, to_width, to_first },
    touched: { source: 4 * rows * count, destination: 4 * rows * count },
  });
}

function kernelOf(words: boolean): Kernel {
  return kernelFrom(shader, "copy", { flags: { BY_FOUR: words } });
}

/** Every kernel that this file dispatches. */
export function* copyColumnsKernels(): Iterable<Kernel> {
  yield kernelOf(false);
  yield kernelOf(true);
}
