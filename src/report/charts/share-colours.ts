// The colours of shares in the cells of a matrix, and the ink that can be read on each of them (WCAG AA, 4.5:1).

import { INK } from "./render.ts";

/** From the paper's white to dark blue; steeper at the low end, where the mistakes are. */
export const SHARE_COLOURS = {
  domain: [0, 0.2, 0.6, 1],
  range: ["#f3f5f8", "#b5d2ea", "#3f8fc4", "#08468b"],
};

/** Of a cell's figures, by its `share` and `count`. Between the text's own dark and white, only black is dark enough. */
export const SHARE_INK = {
  condition: [
    { test: "datum.share > 0.705", value: "white" },
    { test: "datum.share > 0.55", value: "black" },
    { test: "datum.count === 0", value: INK.muted },
  ],
  value: INK.text,
} as const;
