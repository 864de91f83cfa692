// What every search strategy is: a pure function from the trials so far to the next one's values. Nothing is kept between
// calls, so a search that was killed goes on exactly where an uninterrupted one would be. Of trials that still run, only the
// values are known; a strategy says when it must wait, so that trials side by side are those that would come one by one.

import type { Values } from "../parameter.ts";
import type { Trial } from "../trial.ts";

export interface Oracle {
  /** `random`, `grid`, `hyperband`, `bayesian`. */
  readonly name: string;
  /** Everything that its proposals depend on besides space and trials; recorded with a study. */
  readonly settings: Readonly<Record<string, string | number | null>>;
  /** Whether the next proposal depends on how one of these, which still runs, ends. */
  mustWait(trials: readonly Trial[]): boolean;
  /**
   * Values of the next trial after these, which are all before it, in order: finished, or running where it need not wait.
   * Null when the search is over.
   */
  propose(trials: readonly Trial[]): Values | null;
}
