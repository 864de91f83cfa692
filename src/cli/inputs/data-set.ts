// Loads the data set for a command, telling the person what is read from where and how far it is; and cleans it, so that
// every command trains and scores the same rows.

import { join } from "node:path";
import { type CleanData, type CleanOptions, cleanData, describeDropped } from "../../data/clean.ts";
import { type FashionMnist, loadFashionMnist } from "../../data/fashion-mnist.ts";
import type { Progress } from "../../data/user-files.ts";
import { CACHE } from "../../setup/files.mjs";
import { startProgress } from "../display/progress.ts";
import type { Terminal } from "../frame/terminal.ts";

/** The rows to work with: duplicates dropped, rows without all values refused or dropped; says how many. */
export async function loadData(
  terminal: Terminal,
  data: string | undefined,
  options: CleanOptions = {},
): Promise<CleanData> {
  const clean = cleanData(await loadRawData(terminal, data), options);
  const dropped = describeDropped(clean.cleaning);
  if (dropped !== "") terminal.print(`dropped    ${dropped}`);
  return clean;
}

/** The rows as they are found. */
export async function loadRawData(
  terminal: Terminal,
  data: string | undefined,
): Promise<FashionMnist> {
  const steps = showSteps(terminal);
  const loaded = await loadFashionMnist({
    data,
    cacheDir: join(CACHE, "fashion-mnist"),
    say: (line) => terminal.print(line),
    progress: steps.progress,
  });
  steps.finish();
  return loaded;
}

/** A bar for whatever step something slow is in. */
export function showSteps(terminal: Terminal) {
  let shown: { readonly label: string; readonly bar: ReturnType<typeof startProgress> } | null =
    null;
  return {
    progress: ({ label, fraction }: Progress): void => {
      if (shown?.label !== label) {
        shown?.bar.finish("");
        shown = { label, bar: startProgress(terminal, { label, total: 100, unit: "percent" }) };
      }
      shown.bar.update(Math.round(100 * fraction));
    },
    finish: (): void => shown?.bar.finish(""),
  };
}
