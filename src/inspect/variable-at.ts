// Which variable an element of an arena belongs to: weights, their gradients and the optimiser's slots lie side by side.

import { sizeOf } from "../engine/core/shape.ts";
import { rootOf, type Tensor } from "../engine/core/tensor.ts";
import type { Program } from "../engine/program/program.ts";
import { coordinatesOf } from "./walk.ts";

export interface VariablePlace {
  /** `conv2d/kernel` */
  readonly name: string;
  readonly coordinates: readonly number[];
}

/** Null for an element of something else, or from between two variables. */
export function variableAt(
  { variables }: Program,
  tensor: Tensor,
  index: number,
): VariablePlace | null {
  const { root, offset } = rootOf(tensor.storage);
  for (const { name, tensor: variable } of variables) {
    const arena = rootOf(variable.storage);
    // An arena's gradients and slots are called after it.
    if (root.label !== arena.root.label && !root.label.startsWith(`${arena.root.label}.`)) continue;
    const at = index + (offset - arena.offset) / 4;
    if (at < 0 || at >= sizeOf(variable.shape)) continue;
    return { name, coordinates: coordinatesOf(at, variable.shape) };
  }
  return null;
}
