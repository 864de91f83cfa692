// Axes of a tensor as Keras counts them, and what works along the last ones along any.

import { ShapeError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { view } from "../ops/view.ts";
import type { Recorder } from "../program/recorder.ts";
import { apply } from "../program/tape.ts";

/** One axis or several; those below 0 are counted from the end. */
export type Axes = number | readonly number[];

/** Counted from 0, the batch's, in rising order. Throws ShapeError naming `where` for the batch's, and for what is none. */
export function axesOf(given: Axes, rank: number, where: string): readonly number[] {
  const axes = [given].flat().map((axis) => (axis < 0 ? axis + rank : axis));
  const isRising = axes.every((axis, i) => i === 0 || axis > (axes[i - 1] ?? 0));
  const areWithin = axes.every((axis) => Number.isInteger(axis) && axis > 0 && axis < rank);
  if (axes.length > 0 && isRising && areWithin) return axes;
  throw new ShapeError(
    `${where}: axes are from 1 to ${rank - 1} of a tensor of rank ${rank}, in rising order, got ${given}`,
  );
}

/** What `along` makes of x where `axes` are its last ones, with its axes in their own order again. */
export function recordAlong(
  { rec, axes }: { readonly rec: Recorder; readonly axes: readonly number[] },
  x: Tensor,
  along: (moved: Tensor) => Tensor,
): Tensor {
  const all = x.shape.map((_, axis) => axis);
  const order = [...all.filter((axis) => !axes.includes(axis)), ...axes];
  if (order.every((axis, place) => axis === place)) return along(x);
  const back = all.map((axis) => order.indexOf(axis));
  return inOrder(rec, along(inOrder(rec, x, order)), back);
}

function inOrder(rec: Recorder, x: Tensor, order: readonly number[]): Tensor {
  const axes = order.map((from) => ({ from, start: 0, stride: 1, extent: x.shape[from] ?? 0 }));
  return apply(rec, view, [x], { axes });
}
