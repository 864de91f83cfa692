// The search space: the declared hyper-parameters in order, which of them count, and seeded random values, drawn as
// KerasTuner's oracles draw them. Pure; it holds no trial.

import { pythonRandom } from "../data/random-state.ts";
import {
  type Condition,
  type Parameter,
  probToValue,
  type Value,
  type Values,
} from "./parameter.ts";

export type Space = readonly Parameter[];

export function isActive(
  { conditions }: { readonly conditions: readonly Condition[] },
  values: Values,
): boolean {
  return conditions.every(({ parent, values: wanted }) => {
    const value = values[parent];
    return value !== undefined && wanted.includes(value);
  });
}

/** Values of the active parameters, each chosen by `pick`; parents before what depends on them. */
export function fillSpace(space: Space, pick: (parameter: Parameter) => Value): Values {
  const values: Record<string, Value> = {};
  for (const parameter of space) {
    if (isActive(parameter, values)) values[parameter.name] = pick(parameter);
  }
  return values;
}

export function defaultValues(space: Space): Values {
  return fillSpace(space, (parameter) => parameter.default);
}

/** Two sets of values are the same trial when this text is. Numbers that steer a Hyperband trial do not count. */
export function identityOf(values: Values): string {
  const steering = /^tuner\/(epochs|initial_epoch|bracket|round)$/;
  const entries = Object.entries(values).filter(([name]) => !steering.test(name));
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Draws that hit a trial of old before the space counts as exhausted. */
const MAX_COLLISIONS = 20;

/**
 * Random values as KerasTuner's Oracle draws them: each active parameter from a `random.Random` of its own, whose seed
 * goes up by one; a set that was tried is drawn again.
 */
export class Sampler {
  readonly #space: Space;
  readonly #tried = new Set<string>();
  #seed: number;

  constructor(space: Space, seed: number) {
    this.#space = space;
    this.#seed = seed;
  }

  /** Null when the space seems to be exhausted. */
  draw(): Values | null {
    for (let collisions = 0; collisions <= MAX_COLLISIONS; collisions++) {
      const values = fillSpace(this.#space, (parameter) =>
        probToValue(parameter, pythonRandom(this.#seed++).random()),
      );
      if (!this.hasTried(values)) return values;
    }
    return null;
  }

  record(values: Values): void {
    this.#tried.add(identityOf(values));
  }

  hasTried(values: Values): boolean {
    return this.#tried.has(identityOf(values));
  }
}
