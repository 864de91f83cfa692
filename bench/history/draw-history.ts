// `--history [FOLDER]`: reads the results of a folder, draws them, and says what was left out.

import { fileURLToPath } from "node:url";
import { checkOutputFile } from "../../src/cli/inputs/output-file.ts";
import { UsageError } from "../../src/engine/core/errors.ts";
import { type JsonValue, writeAtomically } from "../../src/io/files.ts";
import { countOf } from "../../src/report/story/numbers.ts";
import { wrapped } from "../../src/report/text/profile-text.ts";
import type { BenchContext } from "../bench-context.ts";
import { caseNames, isWanted } from "../sitting/measure.ts";
import { historyOf, readHistory } from "./history.ts";
import { historySvg } from "./history-chart.ts";

const RESULTS = fileURLToPath(new URL("../results", import.meta.url));
const PICTURE = "bench-history.svg";

export async function drawHistory(
  { flags, say, style, finish }: BenchContext,
  folder = RESULTS,
): Promise<JsonValue> {
  const out = flags.out ?? PICTURE;
  await checkOutputFile("out", out, ".svg");
  const { results, skipped } = await readHistory(folder);
  const histories = historyOf(results, {
    order: caseNames(),
    isWanted: (name) => isWanted(flags.filter, name),
  });
  if (histories.length === 0) {
    throw new UsageError(`--filter: must be part of a case's name, got ${flags.filter}`);
  }
  say(style.bold(`vitrine: the history of ${folder}`));
  for (const reason of skipped) for (const line of wrapped(`skipped    ${reason}`)) say(line);
  for (const { adapter, results: own, cases } of histories) {
    for (const line of wrapped(`adapter    ${adapter}`)) say(line);
    say(`           ${countOf(own.length, "result")}, ${countOf(cases.length, "case")}`);
  }
  const svg = await historySvg(histories);
  await finish(() => writeAtomically(out, svg));
  say(`written    ${out}`);
  return { written: out, skipped, histories: histories as unknown as JsonValue };
}
