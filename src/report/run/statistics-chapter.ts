// The chapter on what a run measured of its weights, gradients and activations while it trained (`train --stats`).

import type { StatisticsChart } from "../charts/statistics-charts.ts";
import { type Block, chapter, text } from "../story/story.ts";

/** Nothing for a run that measured nothing. */
export function statisticsChapter(charts: readonly StatisticsChart[], steps: number): Block[] {
  if (charts.length === 0) return [];
  return [
    chapter("statistics", "Inside the training"),
    text(
      `Measured on the device within ${steps === 1 ? "one training step" : `${steps} training steps`}, without an effect on their bits.`,
    ),
    {
      kind: "grid",
      blocks: charts.map(
        ({ file, alt, caption }): Block => ({ kind: "figure", file, alt, caption }),
      ),
    },
  ];
}
