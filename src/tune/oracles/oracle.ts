// What every search strategy is: a pure function from the finished trials to the next one's values. Nothing is kept
// between calls, so a search that was killed goes on exactly where an uninterrupted one would be.

import type { Values } from "../parameter.ts";
import type { Trial } from "../trial.ts";

export interface Oracle {
  /** `random`, `grid`, `hyperband`, `bayesian`. */
  readonly name: string;
  /** Everything that its proposals depend on besides space and trials; recorded with a study. */
  readonly settings: Readonly<Record<string, string | number | null>>;
  /** Values of the next trial after these, which are all that finished, in order; null when the search is over. */
  propose(finished: readonly Trial[]): Values | null;
}
