// What mixed precision adds to a step, in float64: copies stored otherwise, gradients multiplied and divided by the loss scale, and where
// the scale goes on to.

import type { Dispatch } from "../../../engine/program/program.ts";
import {
  boundTo,
  entryOf,
  exactly,
  named,
  type Output,
  type Reference,
  type Task,
  valuesAt,
  within,
} from "./reference.ts";

/** A quotient may be off by two and a half units in the last place (WGSL 15.7.4), which are five roundings. */
const QUOTIENT = 5;

const copy: Reference = (task) => {
  const dispatch = entryOf(task, "copy");
  const x = elementsOf(task, dispatch, "x");
  return [{ ...FLAT, tensor: boundTo(dispatch, "y"), at: (index) => exactly(x(index)) }];
};

const scale: Reference = (task) => {
  const dispatch = entryOf(task, "scale");
  const [x, factor] = [elementsOf(task, dispatch, "x"), elementsOf(task, dispatch, "factor")(0)];
  return [{ ...FLAT, tensor: boundTo(dispatch, "y"), at: (index) => within(x(index) * factor, 1) }];
};

const unscale: Reference = (task) => {
  const dispatch = entryOf(task, "unscale");
  const [x, factor] = [elementsOf(task, dispatch, "x"), elementsOf(task, dispatch, "factor")(0)];
  const at = (index: number) => within(x(index) / factor, QUOTIENT);
  return [{ ...FLAT, tensor: boundTo(dispatch, "y"), at }];
};

const divide: Reference = (task) => {
  const dispatch = entryOf(task, "divide");
  const [dw, by] = [elementsOf(task, dispatch, "dw"), elementsOf(task, dispatch, "scale")(0)];
  const at = (index: number) => within(dw(index) / by, QUOTIENT);
  return [{ ...FLAT, tensor: boundTo(dispatch, "dw"), at }];
};

const advance: Reference = (task) => {
  const dispatch = entryOf(task, "advance");
  const before = elementsOf(task, dispatch, "next_scale")(0);
  const counts = elementsOf(task, dispatch, "counts");
  const areFinite = counts(0) === 0;
  const inARow = areFinite ? counts(1) + 1 : 0;
  const grows = inARow === named(dispatch.params, "growth_steps");
  const next = [0, grows ? 0 : inARow, counts(2) + (areFinite ? 0 : 1)];
  const output = (name: string, at: (index: number) => number): Output => ({
    ...FLAT,
    tensor: boundTo(dispatch, name),
    at: (index) => exactly(at(index)),
  });
  return [
    output("next_scale", () => before * (areFinite ? (grows ? 2 : 1) : 0.5)),
    output("counts", (index) => next[index] ?? 0),
    output("skip", () => (areFinite ? 0 : 1)),
  ];
};

const FLAT = { cost: 1, terms: 1 } as const;

function elementsOf(task: Task, dispatch: Dispatch, name: string): (index: number) => number {
  const values = valuesAt(task, dispatch, name);
  return (index) => values?.[index] ?? Number.NaN;
}

export const LOSS_SCALE: Readonly<Record<string, Reference>> = {
  "cast/copy": copy,
  "cast/scale": scale,
  "cast/unscale": unscale,
  "loss-scale/divide": divide,
  "loss-scale/advance": advance,
};
