// A study on disk: oracle.json says what is searched and how, trial_<id>/ holds a trial and its weights, best.json the
// best plan. Every file is written whole or not at all, so that a search may be killed at any moment and go on.

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, UsageError } from "../engine/core/errors.ts";
import { type JsonValue, writeJson } from "../io/files.ts";
import { openResumable } from "../io/resumable-folder.ts";
import { type NamedTensor, readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import type { Space } from "../tune/space.ts";
import type { Objective, ScoredTrial, Trial } from "../tune/trial.ts";
import type { TrialStore } from "../tune/tuner.ts";
import { firstDifference } from "./json-difference.ts";
import { readTrial, trialJson } from "./trial-file.ts";

/** Raised when the files change meaning; a newer one is refused. */
const FORMAT = 1;
const DESCRIPTION = "oracle.json";
const BEST = "best.json";

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

export class StudyFolder implements TrialStore {
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

  /** What an interrupted run of the trial left is gone then. */
  async beginTrial(trial: Trial): Promise<void> {
    const folder = this.#trialFolder(trial.id);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    await this.saveTrial(trial);
  }

  async saveTrial(trial: Trial): Promise<void> {
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
 * Opens a study where one like it is, or begins one in a new or empty folder; `overwrite` deletes a study that was there.
 * Throws UsageError, naming --out, for a folder that holds something else or a study of other settings.
 */
export async function openStudy(
  path: string,
  description: StudyDescription,
  options: { readonly overwrite?: boolean } = {},
): Promise<StudyFolder> {
  const { overwrite = false } = options;
  if (!overwrite) await checkSame(path, description);
  const state = await openResumable({
    path,
    manifest: DESCRIPTION,
    kind: "study",
    format: FORMAT,
    settings: { ...description } as unknown as Readonly<Record<string, JsonValue>>,
    contents: /^(trial_\d+|best\.json|trials\.svg)$/,
    overwrite,
  });
  const recorded = state === "new" ? [] : await readTrials(path, description.space);
  return new StudyFolder(path, description, recorded);
}

/** A study as it stands, whatever was searched. Throws UsageError for a folder that is none. */
export async function readStudy(path: string): Promise<StudyFolder> {
  const entries = await readdir(path).catch((): string[] => []);
  if (!entries.includes(DESCRIPTION)) {
    throw new UsageError(`study: must be the folder of a tuner's study, got ${path}`, {
      argument: "study",
      help: "a tuner's search makes one",
      remedies: ["tune"],
    });
  }
  const description = await readDescription(path);
  return new StudyFolder(path, description, await readTrials(path, description.space));
}

/** Says which setting differs, down to the hyper-parameter. */
async function checkSame(path: string, description: StudyDescription): Promise<void> {
  if (!existsSync(join(path, DESCRIPTION))) return;
  const found = await readDescription(path);
  const [theirs, ours] = [found, description].map((study) => study as unknown as JsonValue);
  const difference = firstDifference(theirs, ours);
  if (!difference) return;
  const { at, left, right } = difference;
  throw new UsageError(
    `out: the folder holds a study of other settings, got ${at} ${left} in ${path} and ${right} now`,
    {
      argument: "out",
      help: "choose another folder, repeat the settings to go on there, or overwrite what is there",
      remedies: ["out", "overwrite"],
    },
  );
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
      { help: "update Vitrine, or choose another folder", remedies: ["out"] },
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
        help: "something was deleted from the study; start anew",
        remedies: ["overwrite"],
      });
    }
    trials.push(trial);
  }
  return trials;
}
