// Two tensors of the same shape into one, element by element; sums are in add.ts.
//   subtract   y = a − b        da = dy          db = −dy
//   multiply   y = a · b        da = dy · b      db = dy · a
//   maximum, minimum            dy goes to the one that was taken; to a where they are equal, as in TensorFlow

import shader from "../../shaders/merge.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";
import { wordStride } from "../program/word-stride.ts";

export const MERGES = ["subtract", "multiply", "maximum", "minimum"] as const;

export type MergeKind = (typeof MERGES)[number];

export interface MergeAttrs {
  readonly kind: MergeKind;
}

type Pair = readonly [a: Tensor, b: Tensor];

export const merge: Op<Pair, MergeAttrs, Pair> = {
  name: "merge",

  infer([a, b], { kind }) {
    if (!sameShape(a, b)) {
      throw new ShapeError(
        `${kind}: both inputs have the same shape, got ${formatShape(a)} and ${formatShape(b)}`,
      );
    }
    return a;
  },

  forward(rec, [a, b], { kind }) {
    const y = rec.allocate(a.shape, "y", a.dtype);
    record(rec, kernel(kind, "forward"), { a, b, y });
    return { output: y, saved: [a, b] };
  },

  backward(rec, dy, [a, b], { kind }) {
    const [da, db] = [
      rec.allocate(dy.shape, "da", dy.dtype),
      rec.allocate(dy.shape, "db", dy.dtype),
    ];
    const operands = kind === "subtract" ? {} : { a, b };
    record(rec, kernel(kind, "backward"), { ...operands, dy, da, db });
    return [da, db];
  },
};

function record(rec: Recorder, kernel: Kernel, bind: Readonly<Record<string, Tensor>>): void {
  const elements = sizeOf((bind["y"] ?? bind["dy"])?.shape ?? []);
  const vectors = ceilDiv(elements, 4);
  const stride = wordStride(rec, vectors);
  const grid = linearGrid(stride, 64);
  rec.dispatch({ op: "merge", kernel, grid, bind, params: { vectors, stride }, flops: elements });
}

/** The minimum is what none of the switches asks for. */
function kernel(kind: MergeKind, entry: "forward" | "backward"): Kernel {
  return kernelFrom(shader, entry, {
    flags: kind === "minimum" ? {} : { [kind.toUpperCase()]: true },
  });
}

/** Every kernel that this file dispatches. */
export function* mergeKernels(): Iterable<Kernel> {
  for (const kind of MERGES) {
    yield kernel(kind, "forward");
    yield kernel(kind, "backward");
  }
}
