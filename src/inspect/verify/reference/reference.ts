// What an op computes, element by element in float64, and how far float32 may be off: the truth that a unit of a step is
// held against. Written from the formulas, not from the shaders; how a shader deals out its work does not matter here.

import type { DType, Tensor } from "../../../engine/core/tensor.ts";
import type { Dispatch } from "../../../engine/program/program.ts";
import type { Unit } from "../../units.ts";
import type { Values } from "../../walk.ts";

export interface Expected {
  readonly value: number;
  /** What rounding explains. */
  readonly error: number;
}

export interface Output {
  readonly tensor: Tensor;
  /** Of one element, in terms of its sums. */
  readonly cost: number;
  /** Terms of the longest sum. */
  readonly terms: number;
  /** Null for an element that the unit leaves as it is. */
  at(index: number): Expected | null;
}

/** What there is to know of a unit, once its inputs are read. */
export interface Task {
  readonly unit: Unit;
  /** The elements of an input, as they were before the unit ran. */
  readonly values: (tensor: Tensor) => Values;
}

export type Reference = (task: Task) => readonly Output[];

/** Half the distance from 1 to the next float32: the most that one rounding is off, relatively. */
export const UNIT = 2 ** -24;
/** Results below this may be taken for zero (WGSL 15.7.2). */
export const TINY = 2 ** -126;

/**
 * How far a float32 sum of so many products, taken in any order, may be off as a share of Σ|a·b|. In the worst case a unit a
 * rounding (Higham 2002, 3.1); as roundings go either way, the deviation grows with the root instead, and exceeds λ·√n units
 * with a probability of at most 2·exp(−λ²/2) (Higham and Mary 2019, 2.8). λ = 4 leaves 7e-4, by a bound that itself supposes
 * every partial sum as large as Σ|a·b|, which only one of them can be.
 */
export function chain(terms: number): number {
  return Math.min(terms, 4 * Math.sqrt(terms)) * UNIT;
}

/** The largest number of f16. */
const LARGEST_HALF = 65_504;

/**
 * What is expected of a result once it is stored: as f16 it is one of the two numbers around it, whichever (WGSL 15.7.6). Null where
 * it may be beyond all of them, for there adapters differ.
 */
export function stored({ value, error }: Expected, dtype: DType): Expected | null {
  const most = Math.abs(value) + error;
  if (dtype !== "f16" || !Number.isFinite(most)) return { value, error };
  return most > LARGEST_HALF ? null : { value, error: error + halfStep(most) };
}

/** The same beside a value that was stored itself. Of what lies between two numbers both may be either: a step apart, as above. */
export function storedBeside({ value, error }: Expected, dtype: DType): Expected | null {
  if (dtype !== "f16" || Number.isNaN(value)) return { value, error };
  const most = Math.abs(value) + error;
  return most >= LARGEST_HALF ? null : { value, error: error + halfStep(most) };
}

/** From a number of f16 to the next, at most. */
function halfStep(value: number): number {
  return 2 ** -10 * value + 2 ** -24;
}

/** A copy, a comparison, an integer. */
export function exactly(value: number): Expected {
  return { value, error: 0 };
}

/** The result of a few roundings, of numbers that sum to at most `magnitude` without their signs. */
export function within(value: number, roundings: number, magnitude = Math.abs(value)): Expected {
  return { value, error: roundings * (UNIT * magnitude + TINY) };
}

/** An index of a map from names to tensors or numbers that must be there. */
export function named<T>(of: Readonly<Record<string, T>>, name: string): T {
  const found = of[name];
  if (found === undefined) throw new Error(`reference: there is no ${name}`);
  return found;
}

/** A tensor that a dispatch binds. */
export function boundTo({ bindings }: Dispatch, name: string): Tensor {
  return named(bindings, name).tensor;
}

/** A parameter as the shader sees it, where that is an f32. */
export function float({ params }: Dispatch, name: string): number {
  return Math.fround(named(params, name));
}

/** The dispatch of a unit with this entry point. */
export function entryOf({ unit }: Task, entry: string): Dispatch {
  const found = unit.dispatches.find(({ kernel }) => kernel.entry === entry);
  if (!found) throw new Error(`reference: the unit has no ${entry}`);
  return found;
}

/** The values of what a dispatch binds under a name; undefined where it binds nothing. */
export function valuesAt(task: Task, dispatch: Dispatch, name: string): Values | undefined {
  const bound = dispatch.bindings[name];
  return bound && task.values(bound.tensor);
}

/** Computes something of a channel, a row or a column when it is first asked for. */
export function once<T>(compute: (index: number) => T): (index: number) => T {
  const known = new Map<number, T>();
  return (index) => {
    const found = known.get(index);
    if (found !== undefined) return found;
    const computed = compute(index);
    known.set(index, computed);
    return computed;
  };
}
