// Two tensors one after another along an axis; more of them are joined two by two.
//   y = [a, b]     da, db: the parts of dy
//   a (…, A, …)   b (…, B, …), otherwise alike   ->   y (…, A + B, …)

import shader from "../../shaders/concatenate.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";

export interface ConcatenateAttrs {
  /** Counted from the batch's, which is 0 and cannot be joined along; negative from the end. */
  readonly axis: number;
}

type Entry = "forward" | "first_part" | "second_part";
type Pair = readonly [a: Tensor, b: Tensor];
type Shapes = readonly [a: Shape, b: Shape];

export const concatenate: Op<Pair, ConcatenateAttrs, Shapes> = {
  name: "concatenate",

  infer([a, b], { axis }) {
    const at = axis < 0 ? a.length + axis : axis;
    const isAlike =
      a.length === b.length && a.every((extent, other) => other === at || extent === b[other]);
    if (!Number.isInteger(at) || at < 1 || at >= a.length || !isAlike) {
      throw new ShapeError(
        `concatenate: inputs are alike but for the axis, which is not the batch's, ` +
          `got ${formatShape(a)} and ${formatShape(b)} along ${axis}`,
      );
    }
    return a.map((extent, other) => (other === at ? extent + (b[other] ?? 0) : extent));
  },

  forward(rec, [a, b], { axis }, shape) {
    const y = rec.allocate(shape, "y", a.dtype);
    const widths = widthsOf([a.shape, b.shape], axis);
    record(rec, "forward", { written: y, bind: { a, b, y }, widths });
    return { output: y, saved: [a.shape, b.shape] };
  },

  backward(rec, dy, shapes, { axis }, [needsA, needsB]) {
    const widths = widthsOf(shapes, axis);
    const da = needsA ? rec.allocate(shapes[0], "da", dy.dtype) : null;
    if (da) record(rec, "first_part", { written: da, bind: { dy, da }, widths });
    const db = needsB ? rec.allocate(shapes[1], "db", dy.dtype) : null;
    if (db) record(rec, "second_part", { written: db, bind: { dy, db }, widths });
    return [da, db];
  },
};

/** Elements of each input that stand together: of the axis and all behind it. */
function widthsOf([a, b]: Shapes, axis: number): readonly [a: number, b: number] {
  return [sizeOf(a.slice(axis)), sizeOf(b.slice(axis))];
}

interface Pass {
  readonly written: Tensor;
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly widths: readonly [a: number, b: number];
}

function record(rec: Recorder, entry: Entry, { written, bind, widths }: Pass): void {
  const elements = sizeOf(written.shape);
  rec.dispatch({
    op: "concatenate",
    kernel: KERNELS[entry],
    grid: linearGrid(elements, 64),
    bind,
    params: { elements, a_width: widths[0], b_width: widths[1] },
  });
}

const KERNELS: Readonly<Record<Entry, Kernel>> = {
  forward: kernelFrom(shader, "forward"),
  first_part: kernelFrom(shader, "first_part"),
  second_part: kernelFrom(shader, "second_part"),
};

/** Every kernel that this file dispatches. */
export function* concatenateKernels(): Iterable<Kernel> {
  yield* Object.values(KERNELS);
}
