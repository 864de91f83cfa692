// A table of kernels in words and columns: of each ladder's problems the rung that is taken, beside the one that the ladder's order
// takes.

import { ladderOfKey } from "../../engine/program/ladder.ts";
import type { MeasuredProblem, MeasuredProblems } from "../../inspect/rungs/measure-rungs.ts";
import { columns } from "./columns.ts";

const ROW = [
  { head: "", width: 40, isText: true },
  { head: "rung", width: 22, isText: true },
  { head: "ms", width: 8 },
  { head: "by order", width: 9, isText: true },
  { head: "ms", width: 8 },
] as const;

/** Names of ladders, each followed by its problems; the first line is the head. */
export function kernelLines(measured: MeasuredProblems): readonly string[] {
  const keys = [...measured.keys()];
  const ladders = [...new Set(keys.map(ladderOfKey))].sort();
  const rows = ladders.flatMap((ladder) => {
    const problems = [...measured].filter(([key]) => ladderOfKey(key) === ladder);
    return [[ladder], ...problems.map(([key, problem]) => rowOf(key, problem))];
  });
  return columns(ROW, rows);
}

function rowOf(key: string, { rung, ordered, ms }: MeasuredProblem): readonly string[] {
  const words = `  ${key.slice(ladderOfKey(key).length + 1).replaceAll(" × ", "×")}`;
  const same = rung === ordered;
  return [words, rung, timeOf(ms[rung]), same ? "" : ordered, same ? "" : timeOf(ms[ordered])];
}

function timeOf(ms: number | undefined): string {
  return ms === undefined ? "" : ms.toFixed(3);
}

/** `18 problems, 3 of them on another rung than the order's, which saves 1.20 of 14.10 ms`; each problem counted once. */
export function kernelSummary(measured: MeasuredProblems): string {
  const problems = [...measured.values()];
  const sum = (of: (one: MeasuredProblem) => number | undefined) =>
    problems.reduce((total, one) => total + (of(one) ?? 0), 0);
  const others = problems.filter(({ rung, ordered }) => rung !== ordered);
  const before = sum(({ ms, ordered, rung }) => ms[ordered] ?? ms[rung]);
  const saved = before - sum(({ ms, rung }) => ms[rung]);
  const count = `${problems.length} problem${problems.length === 1 ? "" : "s"}`;
  return `${count}, ${others.length} of them on another rung than the order's, which saves ${saved.toFixed(2)} of ${before.toFixed(2)} ms`;
}

/** Rungs that gave another result than naive, with their problems. */
export function refusedLines(measured: MeasuredProblems): readonly string[] {
  return [...measured].flatMap(([key, { refused }]) =>
    refused.map((rung) => `${rung} is not taken for ${key}: it does not agree with naive`),
  );
}
