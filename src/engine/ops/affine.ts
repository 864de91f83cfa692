// A line through every element, the same for all of a channel's: rescaling, and normalisation by known numbers.
//   y = (x − centre[c]) · scale[c] + offset[c]     dx = dy · scale[c]
//   x (…, C)   ->   y (…, C); each of the three is one number for all channels, or one a channel of up to four

import shader from "../../shaders/affine.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";

export type PerChannel = number | readonly number[];

export interface AffineAttrs {
  /** Default 0. */
  readonly centre?: PerChannel;
  /** Default 1. */
  readonly scale?: PerChannel;
  /** Default 0. */
  readonly offset?: PerChannel;
}

/** As many as the shader's parameters hold. */
const MOST_CHANNELS = 4;

export const affine: Op<readonly [x: Tensor], AffineAttrs, null> = {
  name: "affine",

  infer([x], attrs) {
    const channels = x.at(-1) ?? 1;
    for (const values of Object.values(attrs) as PerChannel[]) {
      const list = typeof values === "number" ? [values] : values;
      const fits = list.length === 1 || (list.length === channels && channels <= MOST_CHANNELS);
      if (!fits || !list.every(Number.isFinite)) {
        throw new ShapeError(
          `affine: takes one finite number, or one for each of up to ${MOST_CHANNELS} channels, ` +
            `got ${list.length} for x ${formatShape(x)}`,
        );
      }
    }
    return x;
  },

  forward(rec, [x], attrs) {
    const y = rec.allocate(x.shape, "y", x.dtype);
    record(rec, FORWARD, { bind: { x, y }, of: x, attrs });
    return { output: y, saved: null };
  },

  backward(rec, dy, _saved, attrs) {
    const dx = rec.allocate(dy.shape, "dx", dy.dtype);
    record(rec, BACKWARD, { bind: { dy, dx }, of: dy, attrs });
    return [dx];
  },
};

interface Pass {
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly of: Tensor;
  readonly attrs: AffineAttrs;
}

function record(rec: Recorder, kernel: Kernel, { bind, of, attrs }: Pass): void {
  const { centre = 0, scale = 1, offset = 0 } = attrs;
  const elements = sizeOf(of.shape);
  const isPlain = [centre, scale, offset].every(
    (values) => typeof values === "number" || values.length === 1,
  );
  const lines = {
    ...lanes("centre", centre),
    ...lanes("scale", scale),
    ...lanes("offset", offset),
  };
  rec.dispatch({
    op: "affine",
    kernel,
    grid: linearGrid(elements, 64),
    bind,
    params: { elements, period: isPlain ? 1 : (of.shape.at(-1) ?? 1), ...lines },
    flops: 3 * elements,
  });
}

function lanes(name: string, values: PerChannel): Readonly<Record<string, number>> {
  const list = typeof values === "number" ? [values] : values;
  const at = (lane: number) => (list.length === 1 ? list[0] : list[lane]) ?? 0;
  return Object.fromEntries([0, 1, 2, 3].map((lane) => [`${name}_${lane}`, at(lane)]));
}

const FORWARD: Kernel = kernelFrom(shader, "forward");
const BACKWARD: Kernel = kernelFrom(shader, "backward");

/** Every kernel that this file dispatches. */
export function* affineKernels(): Iterable<Kernel> {
  yield FORWARD;
  yield BACKWARD;
}
