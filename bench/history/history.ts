// What a folder of results says of each case over time: per adapter, a line of times for each case, each beside the case's first.
// Of a kernel's variants the fastest counts at each time: what a better rung gains is part of the history.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, UsageError } from "../../src/engine/core/errors.ts";
import { foreignText } from "../../src/format/foreign-text.ts";
import { type BenchResult, loadResult, type TimedCase } from "../sitting/result.ts";

export interface DatedResult extends BenchResult {
  /** Its file, without the ending. */
  readonly name: string;
  readonly day: string;
}

export interface CaseTime {
  /** Index among the results of its adapter. */
  readonly at: number;
  readonly ms: number;
  readonly variant: string | null;
  /** Beside the case's first: above 1 is slower. */
  readonly ratio: number;
}

export interface CaseHistory {
  readonly name: string;
  readonly times: readonly CaseTime[];
}

export interface AdapterHistory {
  readonly adapter: string;
  readonly isSoftware: boolean;
  readonly results: readonly {
    readonly name: string;
    readonly day: string;
    readonly isNoisy: boolean;
  }[];
  readonly cases: readonly CaseHistory[];
}

export interface ReadFolder {
  readonly results: readonly DatedResult[];
  /** Files that are none of ours, with the reason in one line. */
  readonly skipped: readonly string[];
}

/** By day, then by name. Throws UsageError for a folder that is not there, and for one without a result. */
export async function readHistory(folder: string): Promise<ReadFolder> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
    throw new UsageError(`--history: must be a folder, got ${folder}`);
  });
  const results: DatedResult[] = [];
  const skipped: string[] = [];
  for (const file of names.filter((name) => name.endsWith(".json")).sort()) {
    const found = await resultOrReason(join(folder, file));
    const name = foreignText(file.slice(0, -".json".length));
    if (typeof found === "string") skipped.push(found);
    else if (found.day === null) skipped.push(`${join(folder, file)}: has no date`);
    else results.push({ ...found, name, day: found.day });
  }
  if (results.length === 0) {
    throw new UsageError(`--history: must be a folder with results, got ${folder} with none`, {
      help: "`npm run bench -- --out FILE.json` writes one",
    });
  }
  return { results: results.toSorted((a, b) => compare(a.day, b.day)), skipped };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function resultOrReason(path: string): Promise<BenchResult | string> {
  try {
    return await loadResult(path);
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
}

/** Names in the order in which they are shown; others follow. */
interface Shown {
  readonly order?: readonly string[];
  readonly isWanted?: (name: string) => boolean;
}

/** One for each adapter: times of two are never set beside each other. */
export function historyOf(
  results: readonly DatedResult[],
  { order = [], isWanted = () => true }: Shown = {},
): readonly AdapterHistory[] {
  const placeOf = ({ name }: CaseHistory) =>
    order.includes(name) ? order.indexOf(name) : order.length;
  const adapters = [...new Set(results.map(({ adapter }) => adapter))];
  return adapters.flatMap((adapter): readonly AdapterHistory[] => {
    const own = results.filter((result) => result.adapter === adapter);
    const cases = casesOf(own)
      .filter(({ name }) => isWanted(name))
      .toSorted((a, b) => placeOf(a) - placeOf(b));
    if (cases.length === 0) return [];
    const shown = own.map(({ name, day, isNoisy }) => ({ name, day, isNoisy }));
    return [{ adapter, isSoftware: own[0]?.isSoftware ?? false, results: shown, cases }];
  });
}

function casesOf(results: readonly DatedResult[]): readonly CaseHistory[] {
  const keys = new Map<string, string>();
  const fastest = results.map(({ cases }) => {
    const byKey = new Map<string, TimedCase>();
    for (const one of cases) {
      const key = [one.name, one.shape].join("\n");
      keys.set(key, one.name);
      const known = byKey.get(key);
      if (!known || one.ms.median < known.ms.median) byKey.set(key, one);
    }
    return byKey;
  });
  return [...keys].map(([key, name]) => ({
    name,
    times: timesOf(fastest.map((one) => one.get(key))),
  }));
}

function timesOf(cases: readonly (TimedCase | undefined)[]): readonly CaseTime[] {
  const first = cases.find((one) => one !== undefined)?.ms.median ?? 0;
  return cases.flatMap((one, at) => {
    if (!one) return [];
    const ms = one.ms.median;
    return [{ at, ms, variant: one.variant, ratio: first > 0 ? ms / first : 1 }];
  });
}
