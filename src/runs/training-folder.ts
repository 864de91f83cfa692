// The folder of a training while it goes on: a manifest says what training it is, so that only the same one goes on there,
// beside its checkpoints and, in the end, the files of a run.

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { UsageError } from "../engine/core/errors.ts";
import { type JsonValue, prepareOut } from "../io/files.ts";
import { holdFolder, LOCK } from "../io/folder-lock.ts";
import { readJsonIfThere } from "../io/read-json.ts";
import { openResumable } from "../io/resumable-folder.ts";
import { KERNELS_FILE } from "./kernel-table.ts";

const MANIFEST = "train.json";
const FORMAT = 1;
const CONTENTS =
  /^((weights|optimizer)\.safetensors|checkpoint-\d+\.safetensors|(config|kernels|metrics|statistics)\.json|history\.csv|.+\.(svg|png|html))$/;

export interface TrainingFolder {
  readonly path: string;
  /** All that decides the outcome. */
  readonly settings: Readonly<Record<string, JsonValue>>;
  /** Flags of the command, complete, so that it can be given again by the folder alone. */
  readonly command: readonly string[];
  /** Whether more epochs give the same first ones. */
  readonly mayGrow: boolean;
  readonly overwrite: boolean;
}

/**
 * Makes the folder this process's, before anything slow is done for it. Throws UsageError where another process works in it,
 * where it holds something else, and where it cannot be written.
 */
export async function claimTraining(path: string): Promise<void> {
  if (existsSync(join(path, MANIFEST))) await prepareOut(path, { mayExist: true });
  else await prepareOut(path, { ignore: LOCK });
  holdFolder(path);
}

/** Starts or takes up the folder; see openResumable for what is refused. */
export function openTraining(folder: TrainingFolder): Promise<"new" | "resumed"> {
  const { path, settings, command, mayGrow, overwrite } = folder;
  return openResumable({
    ...{ path, manifest: MANIFEST, kind: "training", format: FORMAT, settings, overwrite },
    notes: { command },
    contents: CONTENTS,
    ...(mayGrow ? { mayGrow: "epochs" } : {}),
  });
}

/** Takes back what openTraining began, where nothing came of it. */
export async function abandonTraining(path: string): Promise<void> {
  for (const name of [MANIFEST, KERNELS_FILE, "history.csv"])
    await rm(join(path, name), { force: true });
}

const schema = v.object({ command: v.array(v.string()) });

/** The flags of the command that began the training. Throws UsageError for a folder without one. */
export async function commandOf(path: string): Promise<readonly string[]> {
  const found = await readJsonIfThere(join(path, MANIFEST), schema, {
    what: "the record of a training",
    format: FORMAT,
    help: "give the command again with the same --out, or choose another folder",
  });
  if (found) return found.command;
  throw new UsageError(
    `resume: must be the folder of a training, got ${path} without ${MANIFEST}`,
    {
      ...{ argument: "resume", help: "a training leaves one", remedies: ["train"] },
    },
  );
}
