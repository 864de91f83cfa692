// Grid search, as KerasTuner's GridSearchOracle with one worker: all defaults first, then an odometer over the space
// whose last parameter turns fastest. Parameters that do not count are skipped.

import { gridValues, type Value, type Values } from "../parameter.ts";
import { defaultValues, fillSpace, isActive, type Space } from "../space.ts";
import type { Trial } from "../trial.ts";
import type { Oracle } from "./oracle.ts";

export class GridSearch implements Oracle {
  readonly name = "grid";
  readonly settings = {};
  readonly #space: Space;

  constructor(space: Space) {
    this.#space = space;
  }

  /** Scores do not matter. */
  mustWait(): boolean {
    return false;
  }

  propose(trials: readonly Trial[]): Values | null {
    const last = trials.at(-1);
    return last ? this.#successor(last.values) : defaultValues(this.#space);
  }

  /** Turns the last active parameter that can be turned, and sets those after it to their defaults. */
  #successor(values: Values): Values | null {
    for (const [place, parameter] of [...this.#space.entries()].reverse()) {
      const value = values[parameter.name];
      if (value === undefined || !isActive(parameter, values)) continue;
      const list = gridValues(parameter);
      const next = list[list.indexOf(value) + 1];
      if (next !== undefined) return this.#turned(values, place, next);
    }
    return null;
  }

  #turned(values: Values, place: number, next: Value): Values {
    const before = new Set(this.#space.slice(0, place));
    const turned = this.#space[place];
    return fillSpace(this.#space, (parameter) => {
      if (parameter === turned) return next;
      const old = before.has(parameter) ? values[parameter.name] : undefined;
      return old ?? parameter.default;
    });
  }
}
