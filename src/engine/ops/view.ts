// Elements of a tensor in another order: crops, flips, steps, transpositions, repeated channels.
//   y[i] = x[j]     j[axes[k].from] = axes[k].start + i[k] · axes[k].stride     dx[j] = Σ dy[i] over the i that took j
//   x of up to four axes   ->   y of as many, axis k of extent axes[k].extent

import shader from "../../shaders/view.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";

/** An axis of the result. */
export interface ViewAxis {
  /** The axis of x that it runs along; each axis of x is named once. */
  readonly from: number;
  readonly start: number;
  /** May be negative, or 0 to repeat the element at `start`. */
  readonly stride: number;
  readonly extent: number;
}

export interface ViewAttrs {
  readonly axes: readonly ViewAxis[];
}

const MOST_AXES = 4;

export const view: Op<readonly [x: Tensor], ViewAttrs, Shape> = {
  name: "view",

  infer([x], { axes }) {
    const isPermutation = x.every(
      (_, axis) => axes.filter(({ from }) => from === axis).length === 1,
    );
    const isWithin = axes.every(({ from, start, stride, extent }) => {
      const last = start + stride * (extent - 1);
      const inside = (at: number) => at >= 0 && at < (x[from] ?? 0);
      return (
        [start, stride, extent].every(Number.isInteger) &&
        extent > 0 &&
        inside(start) &&
        inside(last)
      );
    });
    if (x.length > MOST_AXES || axes.length !== x.length || !isPermutation || !isWithin) {
      const asked = axes.map(
        ({ from, start, stride, extent }) => `${from}:${start}:${stride}:${extent}`,
      );
      throw new ShapeError(
        `view: takes places within a tensor of up to ${MOST_AXES} axes, got ${formatShape(x)} ` +
          `and axis:start:stride:extent ${asked.join(", ")}`,
      );
    }
    return axes.map(({ extent }) => extent);
  },

  forward(rec, [x], { axes }, shape) {
    const y = rec.allocate(shape, "y", x.dtype);
    const steps = stepsOf(x.shape);
    const base = axes.reduce((sum, { from, start }) => sum + start * (steps[from] ?? 0), 0);
    const through = axes.map(({ from, stride }) => stride * (steps[from] ?? 0));
    const params = { ...extents(shape), base, ...four("step", through, 0) };
    rec.dispatch({
      ...COMMON,
      kernel: FORWARD,
      bind: { x, y },
      params: { ...UNUSED, ...params },
      grid: gridOf(shape),
    });
    return { output: y, saved: x.shape };
  },

  backward(rec, dy, shape, { axes }) {
    const dx = rec.allocate(shape, "dx", dy.dtype);
    const steps = stepsOf(dy.shape);
    const byX = shape.map((_, axis) => {
      const k = axes.findIndex(({ from }) => from === axis);
      return { ...axes[k], step: steps[k] ?? 0 };
    });
    const params = {
      ...extents(shape),
      ...four(
        "step",
        byX.map(({ step }) => step),
        0,
      ),
      ...four(
        "start",
        byX.map(({ start = 0 }) => start),
        0,
      ),
      ...four(
        "stride",
        byX.map(({ stride = 1 }) => stride),
        1,
      ),
      ...four(
        "count",
        byX.map(({ extent = 1 }) => extent),
        1,
      ),
    };
    rec.dispatch({
      ...COMMON,
      kernel: BACKWARD,
      bind: { dy, dx },
      params: { ...UNUSED, ...params },
      grid: gridOf(shape),
    });
    return [dx];
  },
};

const COMMON = { op: "view" } as const;

function gridOf(shape: Shape) {
  return linearGrid(sizeOf(shape), 64);
}

/** Elements from one place of each axis to the next. */
function stepsOf(shape: Shape): readonly number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** Axes that a tensor lacks stand in front of its own. */
function four(
  name: string,
  values: readonly number[],
  missing: number,
): Readonly<Record<string, number>> {
  const all = [...Array<number>(MOST_AXES - values.length).fill(missing), ...values];
  return Object.fromEntries(all.map((value, axis) => [`${name}_${axis}`, value]));
}

function extents(shape: Shape): Readonly<Record<string, number>> {
  const { extent_0: _, ...inner } = four("extent", shape, 1);
  return { elements: sizeOf(shape), ...inner };
}

/** Parameters that one of the two passes does without. */
const UNUSED: Readonly<Record<string, number>> = {
  base: 0,
  ...four("start", [], 0),
  ...four("stride", [], 0),
  ...four("count", [], 0),
};

const FORWARD: Kernel = kernelFrom(shader, "forward");
const BACKWARD: Kernel = kernelFrom(shader, "backward");

/** Every kernel that this file dispatches. */
export function* viewKernels(): Iterable<Kernel> {
  yield FORWARD;
  yield BACKWARD;
}
