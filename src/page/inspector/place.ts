// Where the reader is, as the address says it, so that a link can be shared and the browser's back button works:
// `#step/29` is dispatch 29 in the step's picture.

export const VIEWS = ["step", "timeline", "memory", "roofline", "ladders", "image"] as const;

export type ViewName = (typeof VIEWS)[number];

export interface Place {
  readonly view: ViewName;
  /** The dispatch whose details are open. */
  readonly dispatch: number | null;
  /** Of the journeys. */
  readonly image: number;
}

/** Anything else in the address is the beginning. */
export function placeIn(hash: string): Place {
  const [view, dispatch = "", image = ""] = hash.replace(/^#/, "").split("/");
  return {
    view: VIEWS.find((name) => name === view) ?? "step",
    dispatch: /^\d+$/.test(dispatch) ? Number(dispatch) : null,
    image: /^\d+$/.test(image) ? Number(image) : 0,
  };
}

export function hashOf({ view, dispatch, image }: Place): string {
  const rest = image > 0 ? [dispatch ?? "", image] : dispatch === null ? [] : [dispatch];
  return `#${[view, ...rest].join("/")}`;
}
