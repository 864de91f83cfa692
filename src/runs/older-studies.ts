// Studies of format 1 numbered their trials from 0 and padded the numbers with zeros, while the screen counted from 1. They
// are read as what the screen said, and when their search is taken up again they are brought to the present form.

import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../io/files.ts";
import { folderOfTrial, isTrialFolder, readRecord, trialJson } from "./trial-file.ts";

/**
 * Renumbers what is numbered from 0. The last trial first, its record before its folder's name: the record says which
 * numbering is its own, so that after a kill the rest is brought up.
 */
export async function renumberTrials(path: string, format: number): Promise<void> {
  const names = (await readdir(path)).filter(isTrialFolder);
  names.sort((a, b) => Number(b.slice(6)) - Number(a.slice(6)));
  for (const name of names) {
    const folder = join(path, name);
    const file = join(folder, "trial.json");
    const trial = await readRecord(file, format);
    if (!trial) {
      // Killed before it was begun.
      await rm(folder, { recursive: true });
      continue;
    }
    await writeJson(file, trialJson(trial, format));
    const now = folderOfTrial(trial.id);
    if (now !== name) await rename(folder, join(path, now));
  }
}
