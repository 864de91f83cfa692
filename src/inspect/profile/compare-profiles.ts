// What got slower and what faster from one profile to another. Dispatches are matched by pass, layer and kernel; what is
// left, because it runs on another rung, by the ladder's problem. A difference counts where it is beyond both spreads together.

import type { Profile, ProfiledDispatch } from "./profile-schema.ts";
import { isBeyondSpread, type Sampled } from "./statistics.ts";

export type Verdict = "slower" | "faster" | "same" | "only before" | "only after";

export interface Change {
  readonly pass: string;
  readonly layer: string | null;
  /** Kernels, or the rungs of one ladder. */
  readonly before: string | null;
  readonly after: string | null;
  readonly beforeMs: Sampled | null;
  readonly afterMs: Sampled | null;
  readonly differenceMs: number;
  readonly verdict: Verdict;
}

export interface Comparison {
  readonly step: Pick<Change, "beforeMs" | "afterMs" | "differenceMs" | "verdict">;
  readonly sum: Pick<Change, "beforeMs" | "afterMs" | "differenceMs" | "verdict">;
  /** The largest differences first, whatever their verdict. */
  readonly changes: readonly Change[];
  /** Circumstances that are not the same: `adapter`, `batch`, … */
  readonly unlike: readonly string[];
  /** Either was taken on a busy machine. */
  readonly isBusy: boolean;
}

/** Some dispatches that are compared with some others. */
interface Group {
  readonly pass: string;
  readonly layer: string | null;
  readonly name: string;
  readonly ms: Sampled;
}

type Pairs = readonly (readonly [before: Group | null, after: Group | null])[];

export function compareProfiles(before: Profile, after: Profile): Comparison {
  const [first, second] = [keyed(before.dispatches), keyed(after.dispatches)];
  const matched = pair(groups(first), groups(second)).filter(([a, b]) => a && b);
  const known = new Set(matched.map(([group]) => group?.key));
  // Where a kernel has no partner, the solution that it belongs to runs otherwise, and is compared as a whole.
  const lonely = (all: readonly Member[]) =>
    all
      .filter(({ key }) => !known.has(key))
      .map(({ dispatch }) => ({ dispatch, key: ladderKey(dispatch) }));
  const rest = pair(groups(lonely(first), true), groups(lonely(second), true));
  return {
    step: differenceOf(before.stepMs, after.stepMs),
    sum: differenceOf(before.sumMs, after.sumMs),
    changes: changesOf([...matched, ...rest]),
    unlike: unlikeness(before, after),
    isBusy: before.isBusy || after.isBusy,
  };
}

interface Keyed extends Group {
  readonly key: string;
}

interface Member {
  readonly dispatch: ProfiledDispatch;
  readonly key: string;
}

/** Several dispatches of one kernel within a layer's pass are told apart by their order. */
function keyed(dispatches: readonly ProfiledDispatch[]): readonly Member[] {
  const counts = new Map<string, number>();
  return dispatches.map((dispatch) => {
    const { pass, layer, kernel } = dispatch;
    const plain = [pass, layer, kernel].join("\n");
    const before = counts.get(plain) ?? 0;
    counts.set(plain, before + 1);
    return { dispatch, key: `${plain}\n${before}` };
  });
}

function ladderKey({ pass, layer, kernel, solution }: ProfiledDispatch): string {
  return [pass, layer, solution?.ladder ?? kernel].join("\n");
}

function groups(members: readonly Member[], areLadders = false): readonly Keyed[] {
  const byKey = new Map<string, ProfiledDispatch[]>();
  for (const { key, dispatch } of members) byKey.set(key, [...(byKey.get(key) ?? []), dispatch]);
  return [...byKey].map(([key, dispatches]) => groupOf(key, dispatches, areLadders));
}

function groupOf(key: string, members: readonly ProfiledDispatch[], isLadder: boolean): Keyed {
  const [first] = members;
  if (!first) throw new Error("compare: a group is never empty");
  const { pass, layer, kernel, solution } = first;
  const name = isLadder && solution ? `${solution.ladder} ${solution.rung}` : kernel;
  const sum = (quartile: keyof Sampled) => members.reduce((all, { ms }) => all + ms[quartile], 0);
  const ms = { median: sum("median"), lower: sum("lower"), upper: sum("upper") };
  return { key, pass, layer, name, ms };
}

function pair(before: readonly Keyed[], after: readonly Keyed[]) {
  const afterByKey = new Map(after.map((group) => [group.key, group]));
  const beforeKeys = new Set(before.map(({ key }) => key));
  return [
    ...before.map((group) => [group, afterByKey.get(group.key) ?? null] as const),
    ...after.filter(({ key }) => !beforeKeys.has(key)).map((group) => [null, group] as const),
  ];
}

function changesOf(pairs: Pairs): readonly Change[] {
  const changes = pairs.map(([before, after]): Change => {
    const { pass = "", layer = null } = before ?? after ?? {};
    return {
      ...{ pass, layer, before: before?.name ?? null, after: after?.name ?? null },
      ...differenceOf(before?.ms ?? null, after?.ms ?? null),
    };
  });
  return changes.sort((a, b) => Math.abs(b.differenceMs) - Math.abs(a.differenceMs));
}

function differenceOf(beforeMs: Sampled | null, afterMs: Sampled | null): Comparison["step"] {
  const differenceMs = (afterMs?.median ?? 0) - (beforeMs?.median ?? 0);
  const times = { beforeMs, afterMs, differenceMs };
  if (!afterMs) return { ...times, verdict: "only before" };
  if (!beforeMs) return { ...times, verdict: "only after" };
  if (!isBeyondSpread(beforeMs, afterMs)) return { ...times, verdict: "same" };
  return { ...times, verdict: differenceMs > 0 ? "slower" : "faster" };
}

function unlikeness(before: Profile, after: Profile): readonly string[] {
  return (["adapter", "model", "step", "batch", "method"] as const).filter(
    (name) => before[name] !== after[name],
  );
}
