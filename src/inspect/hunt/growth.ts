// Where the numbers of a step grew: from a dispatch back along its inputs, always the one that its result
// owes its size to, to what was there before the step.

import { rootOf, type Tensor } from "../../engine/core/tensor.ts";
import type { Dispatch } from "../../engine/program/program.ts";
import type { NumberRange } from "./numbers.ts";

/** A tensor as a dispatch had it. */
export interface Ranged {
  /** The name that the kernel binds it under. */
  readonly name: string;
  readonly tensor: Tensor;
  readonly range: NumberRange;
}

/** What a dispatch read and wrote, of floats. */
export interface Visit {
  readonly dispatch: Dispatch;
  readonly inputs: readonly Ranged[];
  readonly outputs: readonly Ranged[];
}

/** A tensor on the way, and its largest magnitude. */
export interface Growth {
  /** What wrote it; null for what was there before the step. */
  readonly dispatch: Dispatch | null;
  readonly tensor: Tensor;
  readonly largest: number;
}

/** The way to the last visit, from what was there before the step on. */
export function growthTo(visits: readonly Visit[]): readonly Growth[] {
  const way: Growth[] = [];
  let at = visits.length - 1;
  let result = Number.POSITIVE_INFINITY;
  while (at >= 0) {
    const input = sourceOf(visits[at]?.inputs ?? [], result);
    if (!input) break;
    const { tensor, range } = input;
    const from = writerOf(visits.slice(0, at), tensor);
    way.unshift({ dispatch: visits[from]?.dispatch ?? null, tensor, largest: range.largest });
    [at, result] = [from, range.largest];
  }
  return way;
}

/** The largest input that is no larger than the result; where all are larger, the least of them. */
function sourceOf(inputs: readonly Ranged[], result: number): Ranged | undefined {
  const sorted = inputs.toSorted((a, b) => b.range.largest - a.range.largest);
  return sorted.find(({ range }) => range.largest <= result) ?? sorted.at(-1);
}

/** Of the visits that wrote a part of the tensor, the one that wrote the largest number; -1 where none did. */
function writerOf(visits: readonly Visit[], tensor: Tensor): number {
  let [found, most] = [-1, -1];
  for (const [index, { outputs }] of visits.entries()) {
    for (const written of outputs) {
      if (!overlap(written.tensor, tensor) || written.range.largest < most) continue;
      [found, most] = [index, written.range.largest];
    }
  }
  return found;
}

function overlap(a: Tensor, b: Tensor): boolean {
  const [one, other] = [rootOf(a.storage), rootOf(b.storage)];
  return (
    one.root === other.root &&
    one.offset < other.offset + b.storage.bytes &&
    other.offset < one.offset + a.storage.bytes
  );
}
