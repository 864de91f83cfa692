// What every part of the page may ask for and do: the step, where the reader is, and to go elsewhere.

import type { Place } from "./place.ts";
import type { StepModel } from "./step-model.ts";

export interface Reader {
  readonly step: StepModel;
  readonly place: Place;
  /** `isWalk`: along the way, so that back does not lead through every stop. */
  go(to: Partial<Place>, how?: { readonly isWalk?: boolean }): void;
}

/** One of the tabs. Made when it is first shown. */
export interface View {
  readonly element: HTMLElement;
  /** Follows where the reader is; called whenever that changes while it is shown. */
  follow(place: Place): void;
  /** Dims what does not match; null for all. */
  filter?(matches: ReadonlySet<number> | null): void;
}
