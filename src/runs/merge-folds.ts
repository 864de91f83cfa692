// Folds of one cross-validation that were trained in several folders, shard by shard, put together in one: what is finished there
// and not here is copied, whole or not at all.

import { join } from "node:path";
import { UsageError } from "../engine/core/errors.ts";
import type { JsonValue } from "../io/files.ts";
import { readJsonIfThere } from "../io/read-json.ts";
import { manifest } from "../io/saved-values.ts";
import { firstDifference } from "./json-difference.ts";
import { foldFolder, type KfoldSettings, loadFolds } from "./kfold-folder.ts";
import { takeOver } from "./take-over.ts";

/** Throws UsageError, naming `merge`, for a folder that is no cross-validation, or one of other settings. */
export async function checkMergedFolds(
  folders: readonly string[],
  settings: KfoldSettings,
): Promise<void> {
  const own = JSON.parse(JSON.stringify(settings)) as JsonValue;
  for (const folder of folders) {
    const what = "the settings of a cross-validation";
    const found = await readJsonIfThere(join(folder, "kfold.json"), manifest, { what });
    if (!found) throw refused(`must be the folder of a shard of kfold, got ${folder}`);
    const { format: _, ...theirs } = found;
    const difference = firstDifference(theirs, own);
    if (!difference) continue;
    const { at, left, right } = difference;
    throw refused(`must be of the same settings, got ${at} ${left} in ${folder}, ${right} now`);
  }
}

function refused(rule: string): UsageError {
  return new UsageError(`merge: ${rule}`, {
    argument: "merge",
    help: "repeat the settings of the shards",
  });
}

/** How many folds were copied. */
export async function mergeFolds(
  out: string,
  folds: number,
  folders: readonly string[],
): Promise<number> {
  const known = new Set((await loadFolds(out, folds)).keys());
  const scratch = join(out, "exchange");
  let copied = 0;
  for (const folder of folders) {
    for (const fold of (await loadFolds(folder, folds)).keys()) {
      if (known.has(fold)) continue;
      known.add(fold);
      await takeOver(foldFolder(folder, fold), foldFolder(out, fold), scratch);
      copied++;
    }
  }
  return copied;
}
