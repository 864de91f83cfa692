// Trials of one search that ran in several folders, shard by shard, put together in one: what is finished there and not here is
// copied, whole or not at all.

import { join } from "node:path";
import { UsageError } from "../engine/core/errors.ts";
import { checkSame, type StudyDescription } from "./search-description.ts";
import { readStudy, type StudyFolder } from "./search-folder.ts";
import { takeOver } from "./take-over.ts";

/** Throws UsageError, naming `merge`, for a folder that is no study, or one of other settings. */
export async function checkMerged(
  folders: readonly string[],
  description: StudyDescription,
): Promise<void> {
  for (const folder of folders) {
    const found = await checkSame(folder, description).catch((error: unknown) => {
      if (!(error instanceof UsageError)) throw error;
      const message = error.message.replace(/^out: the folder/, "merge: a folder");
      throw new UsageError(message, {
        argument: "merge",
        help: "repeat the settings of the shards",
      });
    });
    if (found === null) {
      throw new UsageError(`merge: must be the folder of a shard's study, got ${folder}`, {
        argument: "merge",
      });
    }
  }
}

/** Trials that were finished in the folders; the study must be opened again to know of them. */
export async function mergeTrials(study: StudyFolder, folders: readonly string[]): Promise<number> {
  const known = new Set(study.trials.map(({ id }) => id));
  const scratch = join(study.path, "exchange");
  let finished = 0;
  for (const folder of folders) {
    const shard = await readStudy(folder);
    finished += shard.trials.length;
    for (const { id } of shard.trials) {
      if (known.has(id)) continue;
      known.add(id);
      await takeOver(shard.trialFolder(id), study.trialFolder(id), scratch);
    }
  }
  return finished;
}
