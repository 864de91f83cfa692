// Reads what zoo.py has written, a folder a version, and prints a table: how far our predictions are from Keras's, or why a
// file is refused.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { argv } from "node:process";
import type { Device } from "../../src/engine/core/device.ts";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { openDevice } from "../../src/io/adapter.ts";
import { readKerasModel } from "../../src/keras/read-model.ts";
import { predict } from "./predict.ts";

interface Made {
  readonly name: string;
  readonly files: readonly string[];
  readonly compiled: boolean;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

interface Verdict {
  /** Largest, as a share of the largest prediction; null where the file is refused. */
  readonly difference: number | null;
  /** Of a refusal. */
  readonly reason: string;
  readonly hasState: boolean;
}

async function verdict(device: Device, path: string, { x, y }: Made): Promise<Verdict> {
  try {
    const { model, weights, compiled } = await readKerasModel(path, { optimizer: true });
    const found = await predict(device, { model, weights, inputs: Float32Array.from(x) });
    const largest = Math.max(...y.map(Math.abs));
    const off = y.map((value, index) => Math.abs(value - (found[index] ?? Number.NaN)));
    const difference = Math.max(...off) / largest;
    return { difference, reason: "", hasState: compiled?.state != null };
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
    const reason = error.message.slice(error.message.indexOf(": ") + 2);
    return { difference: null, reason, hasState: false };
  }
}

/** Both files of a version in a word: the larger difference. */
function cellOf(verdicts: readonly Verdict[]): string {
  const differences = verdicts.map(({ difference }) => difference);
  if (differences.includes(null)) return "refused";
  const largest = Math.max(...differences.map((difference) => difference ?? 0));
  return largest.toExponential(0);
}

const [, , ...folders] = argv;
const device = await openDevice();
const rows = new Map<string, { cells: string[]; isCompiled: boolean; hasState: boolean }>();
const reasons = new Set<string>();
for (const folder of folders) {
  for (const entry of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const made: Made = JSON.parse(readFileSync(join(folder, entry), "utf8"));
    const verdicts: Verdict[] = [];
    for (const file of made.files) verdicts.push(await verdict(device, join(folder, file), made));
    const { name, compiled: isCompiled } = made;
    const row = rows.get(name) ?? { cells: [], isCompiled, hasState: true };
    row.cells.push(cellOf(verdicts));
    row.hasState &&= verdicts.every(({ hasState }) => hasState);
    rows.set(name, row);
    for (const { reason } of verdicts) if (reason !== "") reasons.add(`${name}: ${reason}`);
  }
}
const print = (text: string) => process.stdout.write(`${text}\n`);
const line = (cells: readonly string[]) => print(`| ${cells.join(" | ")} |`);
line(["Network", "Optimiser", ...folders.map((folder) => basename(folder))]);
line(["---", "---", ...folders.map(() => "---")]);
for (const [name, { cells, isCompiled, hasState }] of rows) {
  line([name, isCompiled ? (hasState ? "read" : "not read") : "none", ...cells]);
}
print("");
for (const reason of reasons) print(`- ${reason}`);
process.exit(0);
