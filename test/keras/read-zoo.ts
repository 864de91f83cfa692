// Reads what zoo.py has written, a folder a version, and prints tables: how far our predictions are from Keras's, or why a file
// is refused. Ends with 1 where a file is read as something else, or refused though it should be read, or the other way round.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { openDevice } from "../../src/io/adapter.ts";
import { isWhole, type Made, Predictions, type Verdict, verdict } from "./read-zoo-verdicts.ts";

/** Of the largest prediction. Where Keras computes in float16, it is what differs from float32, and from itself elsewhere. */
const toleranceOf = (name: string) => (/^(float16|mixed)/.test(name) ? 2e-3 : 2e-5);

/** All files of a version in a word: the largest difference. */
function cellOf({ name }: Made, verdicts: readonly Verdict[]): string {
  if (verdicts.some(({ hasFailed }) => hasFailed)) return "**fails**";
  const refused = verdicts.filter(({ difference }) => difference === null);
  if (refused.length > 0) {
    const endings = refused.map(({ file }) => file.slice(file.indexOf(".")));
    return refused.length === verdicts.length ? "refused" : `${endings.join(", ")} refused`;
  }
  const largest = Math.max(...verdicts.map(({ difference }) => difference ?? 0));
  return largest <= toleranceOf(name)
    ? largest.toExponential(0)
    : `**${largest.toExponential(0)}**`;
}

/** What is not as it should be; null where all is well. */
function complaint(
  { name, refused }: Made,
  { difference, reason, hasFailed }: Verdict,
): string | null {
  if (hasFailed) return `fails: ${reason}`;
  if (difference === null) return refused === false ? `refused: ${reason}` : null;
  if (refused === true) return "must be refused, and is read";
  return difference <= toleranceOf(name) ? null : `differs by ${difference}`;
}

interface Row {
  readonly cells: Map<string, string>;
  readonly isCompiled: boolean;
  hasState: boolean;
}

const folders = argv.slice(2);
const predictions = new Predictions(await openDevice());
const rows = new Map<string, Row>();
const reasons = new Set<string>();
const complaints: string[] = [];
for (const folder of folders) {
  const version = basename(folder);
  stderr.write(`${version} …\n`);
  for (const entry of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const made: Made = JSON.parse(readFileSync(join(folder, entry), "utf8"));
    if (made.files.length === 0) continue;
    const verdicts: Verdict[] = [];
    for (const file of made.files) verdicts.push(await verdict(predictions, folder, made, file));
    const row = rows.get(made.name) ?? {
      cells: new Map(),
      isCompiled: made.compiled,
      hasState: true,
    };
    row.cells.set(version, cellOf(made, verdicts));
    row.hasState &&= verdicts.every(({ file, hasState }) => hasState || !isWhole(file));
    rows.set(made.name, row);
    for (const one of verdicts) {
      if (one.reason !== "" && !one.hasFailed) reasons.add(`${made.name}: ${one.reason}`);
      const wrong = complaint(made, one);
      if (wrong !== null) complaints.push(`${version}: ${one.file}: ${wrong}`);
    }
  }
}
const print = (text: string) => stdout.write(`${text}\n`);
const line = (cells: readonly string[]) => print(`| ${cells.join(" | ")} |`);
const versions = folders.map((folder) => basename(folder));
line(["Network", "Optimiser", ...versions]);
line(["---", "---", ...versions.map(() => "---")]);
for (const [name, { cells, isCompiled, hasState }] of [...rows].sort()) {
  const state = isCompiled ? (hasState ? "read" : "not read") : "none";
  line([name, state, ...versions.map((version) => cells.get(version) ?? "—")]);
}
print("");
for (const reason of [...reasons].sort()) print(`- ${reason}`);
print(`\n${complaints.length} complaints`);
for (const text of complaints) print(text);
exit(complaints.length === 0 ? 0 : 1);
