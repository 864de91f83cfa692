// Random search, as KerasTuner's RandomSearchOracle: the same values for the same seed.

import type { Values } from "../parameter.ts";
import { Sampler, type Space } from "../space.ts";
import type { Trial } from "../trial.ts";
import type { Oracle } from "./oracle.ts";

export interface RandomSearchOptions {
  readonly seed: number;
}

export class RandomSearch implements Oracle {
  readonly name = "random";
  readonly settings: RandomSearchOptions & Record<string, number>;
  readonly #space: Space;

  constructor(space: Space, { seed }: RandomSearchOptions) {
    this.#space = space;
    this.settings = { seed };
  }

  /** Scores do not matter. */
  mustWait(): boolean {
    return false;
  }

  propose(trials: readonly Trial[]): Values | null {
    const sampler = new Sampler(this.#space, this.settings.seed);
    for (const { values } of trials) {
      sampler.draw();
      sampler.record(values);
    }
    return sampler.draw();
  }
}
