// A study on disk: oracle.json says what is searched and how, trial_<id>/ holds a trial and its weights, best.json the
// best plan. Every file is written whole or not at all, so that a search may be killed at any moment and go on.

import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, UsageError } from "../engine/core/errors.ts";
import { type JsonValue, prepareOut, writeJson } from "../io/files.ts";
import { type NamedTensor, readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import { firstDifference } from "./json-difference.ts";
import type { Space } from "./space.ts";
import type { Objective, ScoredTrial, Trial } from "./trial.ts";
import { readTrial, trialJson } from "./trial-file.ts";

/** Raised when the files change meaning; a newer one is refused. */
const FORMAT = 1;
const DESCRIPTION = "oracle.json";
const BEST = "best.json";
/** Everything in a study's folder that is ours to delete. */
const OWN_ENTRIES = /^(trial_\d+|best\.json|trials\.svg|oracle\.json|\..*\.tmp)$/;

/** What trials depend on; a folder with another one is another study. */
export interface StudyDescription {
  readonly model: string;
  readonly tuner: string;
  readonly objective: Objective;
  /** Null: until the search space is exhausted. */
  readonly maxTrials: number | null;
  readonly space: Space;
  /** The oracle's settings, and those of training: seeds, epochs, rows, … */
  readonly settings: { readonly [name: string]: JsonValue };
}

export class StudyFolder {
  readonly path: string;
  readonly description: StudyDescription;
  /** Those that finished, in order. */
  readonly trials: readonly Trial[];
  /** The one that was under way when the process ended. */
  readonly interrupted: Trial | null;

  constructor(path: string, description: StudyDescription, recorded: readonly Trial[]) {
    this.path = path;
    this.description = description;
    this.trials = recorded.filter(({ status }) => status !== "running");
    this.interrupted = recorded.find(({ status }) => status === "running") ?? null;
  }

  async saveTrial(trial: Trial): Promise<void> {
    await mkdir(this.#trialFolder(trial.id), { recursive: true });
    await writeJson(join(this.#trialFolder(trial.id), "trial.json"), trialJson(trial, FORMAT));
  }

  async saveWeights(id: string, name: string, tensors: readonly NamedTensor[]): Promise<void> {
    const path = join(this.#trialFolder(id), `${name}.safetensors`);
    await writeSafetensors(path, tensors, { model: this.description.model, trial: id });
  }

  /** The weights of a trial's best epoch. */
  async loadWeights(id: string): Promise<readonly NamedTensor[]> {
    const path = join(this.#trialFolder(id), "weights.safetensors");
    const { tensors } = await readSafetensors(path);
    return [...tensors.values()];
  }

  /** Leaves what is needed to train the best trial's model again. */
  async saveBest({ id, score }: ScoredTrial, plan: object): Promise<void> {
    const { objective } = this.description;
    const best = { ...plan, score, trialId: id, objective: objective.name, format: FORMAT };
    await writeJson(join(this.path, BEST), best as JsonValue);
  }

  #trialFolder(id: string): string {
    return join(this.path, `trial_${id}`);
  }
}

/**
 * Opens a study where one like it is, or begins one in a new or empty folder. Throws UsageError, naming --out, for a
 * folder that holds something else; `overwrite` deletes a study that was there, and nothing but a study.
 */
export async function openStudy(
  path: string,
  description: StudyDescription,
  options: { readonly overwrite?: boolean } = {},
): Promise<StudyFolder> {
  await prepareOut(path, { mayExist: true });
  const entries = await sweep(path);
  const known = entries.includes(DESCRIPTION);
  if (!known && entries.length > 0) throw notAStudy(path, entries.length);
  if (known && !options.overwrite) return reopen(path, description);
  await clear(path, entries);
  await writeJson(join(path, DESCRIPTION), descriptionJson(description));
  return new StudyFolder(path, description, []);
}

/** A study as it stands, whatever was searched. Throws UsageError for a folder that is none. */
export async function readStudy(path: string): Promise<StudyFolder> {
  const entries = await readdir(path).catch((): string[] => []);
  if (!entries.includes(DESCRIPTION)) {
    throw new UsageError(`STUDY: must be the folder of a tuner's study, got ${path}`, {
      help: "`npm run tune` makes one",
    });
  }
  const description = await readDescription(path);
  return new StudyFolder(path, description, await readTrials(path, description.space));
}

async function reopen(path: string, description: StudyDescription): Promise<StudyFolder> {
  const found = await readDescription(path);
  const difference = firstDifference(descriptionJson(found), descriptionJson(description));
  if (difference) {
    const { at, left, right } = difference;
    throw new UsageError(
      `--out: the study in ${path} was made with another ${at}, got ${right}, it has ${left}`,
      { help: "repeat its flags to go on, choose another --out, or start anew with --overwrite" },
    );
  }
  return new StudyFolder(path, description, await readTrials(path, description.space));
}

/** Removes what a killed process left half-written, and returns what else there is. */
async function sweep(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const folders = entries.filter((e) => e.isDirectory() && OWN_ENTRIES.test(e.name));
  for (const folder of [".", ...folders.map(({ name }) => name)]) {
    const names = await readdir(join(path, folder));
    const halves = names.filter((name) => /^\..*\.tmp$/.test(name));
    for (const name of halves) await rm(join(path, folder, name), { force: true });
  }
  return readdir(path);
}

/** The description goes last: until then the folder is still known as a study. */
async function clear(path: string, entries: readonly string[]): Promise<void> {
  const own = entries.filter((name) => OWN_ENTRIES.test(name) && name !== DESCRIPTION);
  for (const name of own) await rm(join(path, name), { recursive: true, force: true });
  await rm(join(path, DESCRIPTION), { force: true });
}

function descriptionJson(description: StudyDescription): JsonValue {
  return { ...description, format: FORMAT } as unknown as JsonValue;
}

async function readDescription(path: string): Promise<StudyDescription> {
  const file = join(path, DESCRIPTION);
  const text = await readFile(file, "utf8");
  let found: (Partial<StudyDescription> & { readonly format?: unknown }) | null;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${file}: must be JSON, got ${text.length} characters that are not`, {
      cause,
    });
  }
  const { format, space, objective, ...rest } = found ?? {};
  if (typeof format !== "number" || !Array.isArray(space) || typeof objective?.name !== "string") {
    throw new FormatError(`${file}: must describe a study, got no format, space or objective`);
  }
  if (format > FORMAT) {
    throw new FormatError(
      `${file}: was written by a newer Vitrine, got format ${format}, this one reads ${FORMAT}`,
      { help: "update Vitrine, or choose another --out" },
    );
  }
  return { ...rest, space, objective } as StudyDescription;
}

async function readTrials(path: string, space: Space): Promise<Trial[]> {
  const folders = (await readdir(path)).filter((name) => /^trial_\d+$/.test(name));
  folders.sort((a, b) => Number(a.slice(6)) - Number(b.slice(6)));
  const trials: Trial[] = [];
  for (const [index, name] of folders.entries()) {
    const file = join(path, name, "trial.json");
    const trial = await readTrial(file, { space, format: FORMAT });
    const isLast = index === folders.length - 1;
    // Killed between making the folder and writing into it, or within the trial: only the last one can be.
    if (!trial && isLast) break;
    if (!trial || Number(name.slice(6)) !== index || (trial.status === "running" && !isLast)) {
      throw new FormatError(`${file}: trials must be finished and numbered without gaps`, {
        help: "something was deleted from the study; start anew with --overwrite",
      });
    }
    trials.push(trial);
  }
  return trials;
}

function notAStudy(path: string, count: number): UsageError {
  const entries = count === 1 ? "1 entry" : `${count} entries`;
  return new UsageError(
    `--out: must be a study, or a new or empty folder, got ${path} with ${entries}`,
    { help: "choose another --out, or move the folder away" },
  );
}
