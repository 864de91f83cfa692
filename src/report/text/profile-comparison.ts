// Two profiles side by side in words: the step, then what differs by more than both spreads together, the largest first.

import type { Change, Comparison } from "../../inspect/profile/compare-profiles.ts";
import type { Sampled } from "../../inspect/profile/statistics.ts";
import { columns } from "./columns.ts";
import { milliseconds, percent } from "./profile-text.ts";

const LISTED = 20;

const ROW = [
  { head: "ms before", width: 9 },
  { head: "±", width: 6 },
  { head: "after", width: 8 },
  { head: "±", width: 6 },
  { head: "times", width: 6 },
  { head: "layer", width: 16, isText: true },
  { head: "pass", width: 8, isText: true },
  { head: "what", width: 14, isText: true },
] as const;

export function comparisonLines({
  step,
  sum,
  changes,
  unlike,
  isBusy,
}: Comparison): readonly string[] {
  const counted = changes.filter(({ verdict }) => verdict !== "same");
  const within = changes.length - counted.length;
  const rest =
    within > 0
      ? [`${within} of ${changes.length} differ by no more than their spreads together`]
      : [];
  return [
    ...(unlike.length > 0 ? [`warning: the two are not alike in ${unlike.join(", ")}`] : []),
    ...(isBusy ? ["warning: the machine was busy; small differences may be its neighbours'"] : []),
    `step       ${timesText(step)}`,
    `sum        ${timesText(sum)}`,
    "",
    ...(["slower", "only after", "faster", "only before"] as const).flatMap((verdict) =>
      section(
        verdict,
        counted.filter((change) => change.verdict === verdict),
      ),
    ),
    ...rest,
  ];
}

function timesText({ beforeMs, afterMs, verdict }: Comparison["step"]): string {
  const words = verdict === "same" ? "no difference beyond the spread" : verdict;
  const time = (ms: Sampled | null) =>
    ms ? `${milliseconds(ms.median)} ±${milliseconds(ms.upper - ms.lower)}` : "none";
  const ratio =
    beforeMs && afterMs && verdict !== "same"
      ? ` by ${percent(Math.abs(afterMs.median / beforeMs.median - 1))}`
      : "";
  return `${time(beforeMs)} → ${time(afterMs)} ms: ${words}${ratio}`;
}

function section(title: string, changes: readonly Change[]): readonly string[] {
  if (changes.length === 0) return [];
  const [head = "", ...rows] = columns(ROW, changes.slice(0, LISTED).map(cellsOf));
  const more = changes.length - LISTED;
  return [title, head, ...rows, ...(more > 0 ? [`and ${more} more`] : []), ""];
}

function cellsOf({ beforeMs, afterMs, layer, pass, before, after }: Change): readonly string[] {
  const spread = (ms: Sampled | null) => (ms ? milliseconds(ms.upper - ms.lower) : "");
  const median = (ms: Sampled | null) => (ms ? milliseconds(ms.median) : "");
  const times =
    beforeMs && afterMs && beforeMs.median > 0
      ? `×${(afterMs.median / beforeMs.median).toFixed(2)}`
      : "";
  return [
    ...[median(beforeMs), spread(beforeMs), median(afterMs), spread(afterMs), times],
    ...[layer ?? "", pass, whatText(before, after)],
  ];
}

/** The kernel, or `naive ← subgroup` where the rung is another. */
function whatText(before: string | null, after: string | null): string {
  const last = (name: string | null) => name?.split(/[ /]/).at(-1) ?? "";
  if (before === null || after === null || before === after) {
    return (after ?? before ?? "").split("/").slice(-2).join("/");
  }
  return `${last(before)}→${last(after)}`;
}
