// A folder of long work that may be killed and taken up again: a manifest says what work it is, and only the same work may
// go on in it. What lies beside the manifest is the caller's.

import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../engine/core/errors.ts";
import { type JsonValue, prepareOut, stableJson, writeJson } from "./files.ts";
import { holdFolder, LOCK } from "./folder-lock.ts";
import { readJson } from "./read-json.ts";
import { manifest as schema } from "./saved-values.ts";

export interface ResumableFolder {
  /** The argument `out` of whoever starts the work. */
  readonly path: string;
  /** File name of the manifest, such as `kfold.json`. */
  readonly manifest: string;
  /** What messages call the work: `cross-validation`. */
  readonly kind: string;
  /** Raised when the folder's files change meaning; a newer one is refused. */
  readonly format: number;
  /** All that decides the outcome; work of other settings is refused. */
  readonly settings: Readonly<Record<string, JsonValue>>;
  /** Recorded beside the settings, and free to differ. */
  readonly notes?: Readonly<Record<string, JsonValue>>;
  /** A number among the settings that may be more than it was; the manifest then has the new one. */
  readonly mayGrow?: string;
  /** Names within the folder that belong to the work, and go with it. */
  readonly contents: RegExp;
  /** Removes work that is there, whatever its settings; default false. */
  readonly overwrite?: boolean;
}

/** What a killed write leaves: a name of ours, a process id, a random word. */
const TEMPORARY = /^\..+\.\d+(\.[0-9a-f]{8})?\.tmp$/;

/**
 * Starts work in a new or empty folder, or finds the same work begun there.
 * The folder is this process's until it ends.
 * @throws UsageError for a folder of something else, of other settings or in use, FormatError for a manifest that is damaged or
 * of a newer version; the folder is then as it was.
 */
export async function openResumable(folder: ResumableFolder): Promise<"new" | "resumed"> {
  const { path, manifest, contents, format, settings, notes } = folder;
  const file = join(path, manifest);
  const isThere = existsSync(file);
  if (isThere && folder.overwrite !== true) {
    await checkManifest(folder, file);
    await prepareOut(path, { mayExist: true });
    holdFolder(path);
    await sweep(path, TEMPORARY);
    if (folder.mayGrow !== undefined) await writeJson(file, { format, ...settings, ...notes });
    return "resumed";
  }
  // The manifest goes last: a folder without it would be nobody's.
  if (isThere) {
    await refuseStrangers(folder);
    holdFolder(path);
    await sweep(path, contents);
    await rm(file, { force: true });
  }
  await sweep(path, TEMPORARY);
  await prepareOut(path, { ignore: LOCK });
  holdFolder(path);
  await writeJson(file, { format, ...settings, ...notes });
  return "new";
}

/** The same work in a folder that cannot be written: it is left as it is. Throws as `openResumable` does. */
export async function openFinished(folder: ResumableFolder): Promise<void> {
  await checkManifest(folder, join(folder.path, folder.manifest));
}

async function sweep(path: string, names: RegExp): Promise<void> {
  const entries = await readdir(path).catch(() => []);
  for (const name of entries.filter((entry) => names.test(entry))) {
    await rm(join(path, name), { recursive: true, force: true });
  }
}

/** Before anything is removed: what is not the work's would keep the folder from being begun anew. */
async function refuseStrangers({ path, manifest, contents }: ResumableFolder): Promise<void> {
  const stranger = (await readdir(path)).find(
    (name) => name !== manifest && name !== LOCK && !contents.test(name) && !TEMPORARY.test(name),
  );
  if (stranger === undefined) return;
  throw new UsageError(
    `overwrite: the folder must hold nothing but the work that goes, got ${stranger} in ${path}`,
    {
      argument: "overwrite",
      help: "move it away, or choose another folder",
      remedies: ["out"],
    },
  );
}

async function checkManifest(folder: ResumableFolder, file: string): Promise<void> {
  const { kind, format, settings, notes = {}, mayGrow } = folder;
  const found = await readJson(file, schema, {
    what: "a JSON object",
    format,
    help: "choose another folder, or overwrite what is there",
    remedies: ["out", "overwrite"],
  });
  const keys = new Set([...Object.keys(settings), ...Object.keys(found)]);
  for (const free of ["format", ...Object.keys(notes)]) keys.delete(free);
  const grows = (key: string): boolean => {
    const [now, before] = [settings[key], found[key]];
    const areNumbers = typeof now === "number" && typeof before === "number";
    return key === mayGrow && areNumbers && now > before;
  };
  const other = [...keys].find((key) => show(settings[key]) !== show(found[key]) && !grows(key));
  if (other === undefined) return;
  throw new UsageError(
    `out: the folder holds a ${kind} of other settings, got ${other} ${show(found[other])} in ${folder.path} and ${show(settings[other])} now`,
    {
      argument: "out",
      help: "choose another folder, repeat the settings to go on there, or overwrite what is there",
      remedies: ["out", "overwrite"],
    },
  );
}

function show(value: JsonValue): string {
  return value === undefined ? "none" : stableJson(value, 0);
}
