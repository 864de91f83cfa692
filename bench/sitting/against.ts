// Two results side by side, case by case. A case is slower or faster where the medians lie further apart than the quartiles of
// both together, and than what two sittings on a quiet machine differ by anyway.

import { UsageError } from "../../src/engine/core/errors.ts";
import { isBeyondSpread, type Sampled } from "../../src/inspect/profile/statistics.ts";
import { columns } from "../../src/report/text/columns.ts";
import { wrapped } from "../../src/report/text/profile-text.ts";
import type { BenchResult, TimedCase } from "./result.ts";
import { listLines, shortened, timeOf } from "./sitting-text.ts";

/** Of the time before: less is no regression, however steady the samples of each sitting were. */
const LEAST_CHANGE = 0.02;
/** Of the ceiling: beyond it, the machine itself is not what it was. */
const SAME_CEILING = 0.1;

export interface CaseChange {
  /** With its variant. */
  readonly name: string;
  readonly before: Sampled | null;
  readonly now: Sampled | null;
  /** Time now over time before; null where one of them is missing. */
  readonly ratio: number | null;
  readonly verdict: "slower" | "faster" | "same" | "only before" | "only now";
}

export interface Against {
  readonly changes: readonly CaseChange[];
  readonly slower: number;
  readonly faster: number;
  readonly same: number;
  /** Why the comparison may mislead. */
  readonly doubts: readonly string[];
}

/** Throws UsageError for results that are not to be compared. */
export function checkComparable(
  before: Pick<BenchResult, "adapter" | "isSoftware">,
  now: Pick<BenchResult, "adapter" | "isSoftware">,
  { anyAdapter }: { readonly anyAdapter: boolean },
): void {
  if (before.isSoftware !== now.isSoftware) {
    throw new UsageError(
      `--against: must be of ${kindOf(now)}, as this is, got ${kindOf(before)}, ${before.adapter}`,
      { help: "figures of software and of hardware are never compared" },
    );
  }
  if (before.adapter === now.adapter || anyAdapter) return;
  throw new UsageError(
    `--against: must be a result of this adapter, ${now.adapter}, got one of ${before.adapter}`,
    { help: "--any-adapter compares them all the same" },
  );
}

function kindOf({ isSoftware }: Pick<BenchResult, "isSoftware">): string {
  return isSoftware ? "a software adapter" : "hardware";
}

export function compareResults(before: BenchResult, now: BenchResult): Against {
  const [first, second] = [keyed(before.cases), keyed(now.cases)];
  const keys = [...new Set([...first.keys(), ...second.keys()])];
  const changes = keys.map((key) => changeOf(first.get(key) ?? null, second.get(key) ?? null));
  const count = (wanted: CaseChange["verdict"]) =>
    changes.filter(({ verdict }) => verdict === wanted).length;
  return {
    changes,
    ...{ slower: count("slower"), faster: count("faster"), same: count("same") },
    doubts: doubtsOf(before, now),
  };
}

function keyed(cases: readonly TimedCase[]): ReadonlyMap<string, TimedCase> {
  return new Map(cases.map((one) => [[one.name, one.variant ?? "", one.shape].join("\n"), one]));
}

function changeOf(before: TimedCase | null, now: TimedCase | null): CaseChange {
  const { name = "", variant = null } = before ?? now ?? {};
  const times = {
    name: variant === null ? name : `${name} ${variant}`,
    ...{ before: before?.ms ?? null, now: now?.ms ?? null },
  };
  if (!before || !now) {
    return { ...times, ratio: null, verdict: before ? "only before" : "only now" };
  }
  const ratio = before.ms.median > 0 ? now.ms.median / before.ms.median : null;
  const counts =
    ratio !== null && Math.abs(ratio - 1) > LEAST_CHANGE && isBeyondSpread(before.ms, now.ms);
  return { ...times, ratio, verdict: !counts ? "same" : ratio > 1 ? "slower" : "faster" };
}

function doubtsOf(before: BenchResult, now: BenchResult): readonly string[] {
  const [earlier, later] = [before.gflops, now.gflops];
  const doubts: string[] = [];
  if (before.isNoisy || now.isNoisy) {
    const which = !now.isNoisy ? "before" : before.isNoisy ? "both times" : "now";
    doubts.push(`the machine was too noisy ${which}`);
  }
  if (earlier && later && Math.abs(later / earlier - 1) > SAME_CEILING) {
    doubts.push(`the ceiling was ${earlier.toFixed(1)} GFLOPS, and is ${later.toFixed(1)}`);
  }
  if (before.adapter !== now.adapter) doubts.push("the adapters are not the same");
  return doubts;
}

const ROW = [
  { head: "case, in milliseconds", width: 46, isText: true },
  { head: "before", width: 8 },
  { head: "now", width: 8 },
  { head: "ratio", width: 7 },
  { head: "", width: 7, isText: true },
] as const;

/** In 80 columns; the first line is the head. */
export function againstLines(found: Against): readonly string[] {
  const both = found.changes.filter(({ before, now }) => before && now);
  const only = (wanted: CaseChange["verdict"]) => {
    const names = found.changes.filter(({ verdict }) => verdict === wanted);
    const title = wanted.padEnd(11);
    return names.length === 0
      ? []
      : listLines(
          title,
          names.map(({ name }) => name),
        );
  };
  return [
    ...columns(ROW, both.map(cellsOf)),
    "",
    ...only("only before"),
    ...only("only now"),
    ...found.doubts.flatMap((doubt) => wrapped(`warning    ${doubt}`)),
    summaryOf(found),
  ];
}

function cellsOf({ name, before, now, ratio, verdict }: CaseChange): readonly string[] {
  return [
    shortened(name, ROW[0].width),
    ...[before, now].map((ms) => (ms ? timeOf(ms.median) : "")),
    ratio === null ? "" : `×${ratio.toFixed(2)}`,
    verdict === "same" ? "" : verdict,
  ];
}

function summaryOf({ slower, faster, same }: Against): string {
  return `beyond the spread of both: ${slower} slower, ${faster} faster; ${same} within it`;
}
