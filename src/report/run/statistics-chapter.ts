// The chapter on what a run recorded of its weights, gradients and activations while it trained (`stats.json`).

import type { JsonValue } from "../../io/files.ts";
import { type Block, chapter, text } from "../story/story.ts";
import { isRecord } from "./run-files.ts";

/** Nothing for a run that has none. */
export function statisticsChapter(stats: JsonValue): Block[] {
  if (stats === undefined) return [];
  const parts = isRecord(stats) ? Object.keys(stats) : [];
  const named = parts.length > 0 ? `: ${parts.map((name) => `\`${name}\``).join(", ")}` : "";
  return [
    chapter("statistics", "Statistics of training"),
    text(`The run's folder holds statistics of its training in \`stats.json\`${named}.`),
  ];
}
