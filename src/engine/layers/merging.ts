// Layers that make one tensor of several: Keras's Add, Subtract, Multiply, Average, Maximum, Minimum and Concatenate.
//   inputs of one shape -> output of that shape; those of Concatenate may differ along its axis
// An extent of 1 stands for whatever the others have there, and axes that an input lacks for such ones behind the batch's:
// (N, H, W, C) times (N, 1, 1, C), or (N, C), is squeeze and excitation.

import { ShapeError } from "../core/errors.ts";
import { type Shape, sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { add } from "../ops/add.ts";
import { affine } from "../ops/affine.ts";
import { concatenate } from "../ops/concatenate.ts";
import { type MergeKind, merge } from "../ops/merge.ts";
import { reshape } from "../ops/reshape.ts";
import { view } from "../ops/view.ts";
import type { Recorder } from "../program/recorder.ts";
import { apply } from "../program/tape.ts";
import { modelSite, type Net } from "./net.ts";

/** Keras's class names. */
export type Merging = "Add" | "Subtract" | "Multiply" | "Average" | "Maximum" | "Minimum";

export const MERGINGS: readonly Merging[] = [
  ...(["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"] as const),
];

interface Named {
  readonly name?: string;
}

/** Two or more branches, element by element; Subtract takes two. */
export function mergeBranches(
  net: Net,
  branches: readonly Tensor[],
  config: Named & { readonly className: Merging },
): Tensor {
  const { className, name } = config;
  const most = className === "Subtract" ? 2 : Number.POSITIVE_INFINITY;
  if (branches.length < 2 || branches.length > most) {
    const wanted = className === "Subtract" ? "two inputs" : "two inputs or more";
    throw new ShapeError(`${className}: takes ${wanted}, got ${branches.length}`);
  }
  const call = { className, name, inputs: branches, site: modelSite() };
  return net.layer(call, () => recordMerge(net.rec, alike(net.rec, branches), className));
}

/** All of one shape, as far as they can be; what cannot is left to the op to refuse. */
function alike(rec: Recorder, branches: readonly Tensor[]): readonly Tensor[] {
  const rank = Math.max(...branches.map(({ shape }) => shape.length));
  const whole = branches.map(({ shape }) => widened(shape, rank));
  const target = Array.from({ length: rank }, (_, axis) =>
    Math.max(...whole.map((shape) => shape[axis] ?? 1)),
  );
  const isFitting = whole.every((shape) => shape.every((n, axis) => n === 1 || n === target[axis]));
  if (!isFitting) return branches;
  return branches.map((branch, index) => {
    const shape = whole[index] ?? target;
    const x = branch.shape.length === rank ? branch : apply(rec, reshape, [branch], { shape });
    if (sameShape(shape, target)) return x;
    const axes = target.map((extent, from) => {
      return { from, start: 0, stride: shape[from] === extent ? 1 : 0, extent };
    });
    return apply(rec, view, [x], { axes });
  });
}

function widened([batch = 1, ...rest]: Shape, rank: number): Shape {
  return [batch, ...Array<number>(rank - 1 - rest.length).fill(1), ...rest];
}

function recordMerge(rec: Recorder, branches: readonly Tensor[], className: Merging): Tensor {
  if (className === "Average") {
    const sum = recordMerge(rec, branches, "Add");
    return apply(rec, affine, [sum], { scale: 1 / branches.length });
  }
  if (className === "Add") return fold(branches, (a, b) => apply(rec, add, [a, b], {}));
  const kind = className.toLowerCase() as MergeKind;
  return fold(branches, (a, b) => apply(rec, merge, [a, b], { kind }));
}

/** Branches one after another along an axis, by default the last: channels. */
export function concatenateBranches(
  net: Net,
  branches: readonly Tensor[],
  config: Named & { readonly axis?: number } = {},
): Tensor {
  const { axis = -1, name } = config;
  if (branches.length < 2) {
    throw new ShapeError(`Concatenate: takes two inputs or more, got ${branches.length}`);
  }
  const className = "Concatenate";
  const call = { className, name, inputs: branches, config: { axis }, site: modelSite() };
  return net.layer(call, () =>
    fold(branches, (a, b) => apply(net.rec, concatenate, [a, b], { axis })),
  );
}

function fold(branches: readonly Tensor[], join: (a: Tensor, b: Tensor) => Tensor): Tensor {
  return branches.reduce(join);
}
