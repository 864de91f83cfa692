// A search or a cross-validation as the page lays it out: axes of hyper-parameters, the curves of what earlier runs have finished.

import type { Axis } from "../page/live/live-events.ts";
import type { Logs } from "../train/callbacks/callback.ts";
import {
  gridValues,
  type Parameter,
  type Value,
  type Values,
  valueToProb,
} from "../tune/parameter.ts";
import type { Space } from "../tune/space.ts";

const MOST_MARKS = 6;

/** Of what is searched for; what is fixed is the same in every trial. */
export function axesOf(space: Space): readonly Axis[] {
  return searched(space).map((parameter) => ({
    name: parameter.name,
    marks: marksOf(parameter).map((value) => ({
      at: valueToProb(parameter, value),
      text: textOf(value),
    })),
  }));
}

/** A trial's values as words, and where they lie on the axes. */
export function placesOf(space: Space, values: Values) {
  const own = searched(space).flatMap((parameter) => {
    const value = values[parameter.name];
    return value === undefined ? [] : [{ parameter, value }];
  });
  return {
    values: Object.fromEntries(own.map(({ parameter, value }) => [parameter.name, textOf(value)])),
    places: Object.fromEntries(
      own.map(({ parameter, value }) => [parameter.name, valueToProb(parameter, value)]),
    ),
  };
}

/** By name of the curve; of a trial of several folds one for each. */
export function curvesOf(part: string, history: readonly Logs[]): Record<string, readonly Logs[]> {
  const curves: Record<string, Logs[]> = {};
  for (const logs of history) {
    const name = logs["fold"] === undefined ? part : `${part}, fold ${logs["fold"]}`;
    curves[name] = [...(curves[name] ?? []), logs];
  }
  return curves;
}

function searched(space: Space): readonly Parameter[] {
  return space.filter(({ kind }) => kind !== "fixed");
}

function marksOf(parameter: Parameter): readonly Value[] {
  if (parameter.kind === "choice" || parameter.kind === "boolean") return gridValues(parameter);
  if (parameter.kind === "fixed") return [];
  const values = parameter.step === null ? [] : gridValues(parameter);
  return values.length > 0 && values.length <= MOST_MARKS ? values : [parameter.min, parameter.max];
}

function textOf(value: Value): string {
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
}
