// A study on disk: oracle.json says what is searched and how, trial_<number>/ holds a trial and the run that it left,
// best.json the best plan. Every file is written whole or not at all, so that a search may be killed at any moment and go on.

import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, UsageError } from "../engine/core/errors.ts";
import { type JsonValue, writeJson } from "../io/files.ts";
import { openResumable } from "../io/resumable-folder.ts";
import { type NamedTensor, readSafetensors } from "../io/safetensors.ts";
import type { ScoredTrial, Trial } from "../tune/trial.ts";
import type { TrialModel, TrialStore } from "../tune/tuner.ts";
import type { KernelTable } from "./kernel-table.ts";
import { renumberTrials } from "./older-studies.ts";
import {
  asJson,
  checkSame,
  DESCRIPTION,
  FORMAT,
  GROWING,
  readDescription,
  type StudyDescription,
} from "./search-description.ts";
import { folderOfTrial, isTrialFolder, readTrial, trialJson } from "./trial-file.ts";
import { saveTrialModel, type TrialFacts } from "./trial-run.ts";

const BEST = "best.json";

interface StudyOpening {
  readonly facts?: TrialFacts | null;
  readonly isResumed?: boolean;
}

export class StudyFolder implements TrialStore {
  readonly path: string;
  readonly description: StudyDescription;
  /** Those that finished, in order. */
  readonly trials: readonly Trial[];
  /** Those that were under way when the process ended, in order. */
  readonly interrupted: readonly Trial[];
  /** Whether it was begun before. */
  readonly isResumed: boolean;
  /** That its trials are recorded with, and that their runs record; set before the first is over. */
  kernels: KernelTable | null = null;
  readonly #folders: ReadonlyMap<string, string>;
  readonly #facts: TrialFacts | null;

  constructor(
    path: string,
    description: StudyDescription,
    recorded: readonly RecordedTrial[],
    { facts = null, isResumed = true }: StudyOpening = {},
  ) {
    this.path = path;
    this.description = description;
    const trials = recorded.map(({ trial }) => trial);
    this.trials = trials.filter(({ status }) => status !== "running");
    this.interrupted = trials.filter(({ status }) => status === "running");
    this.#folders = new Map(recorded.map(({ trial, folder }) => [trial.id, folder]));
    this.#facts = facts;
    this.isResumed = isResumed;
  }

  /** What an interrupted run of the trial left is gone then. */
  async beginTrial(trial: Trial): Promise<void> {
    const folder = this.trialFolder(trial.id);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    await this.#saveTrial(trial);
  }

  /** The models first: a trial that is recorded as over has left them. */
  async endTrial(trial: Trial, plan: object, models: readonly TrialModel[]): Promise<void> {
    const { description, kernels } = this;
    const folder = this.trialFolder(trial.id);
    for (const model of models) {
      const run = { description, facts: this.#facts, kernels, trial, plan, model };
      await saveTrialModel(folder, run);
    }
    await this.#saveTrial(trial);
  }

  async #saveTrial(trial: Trial): Promise<void> {
    await writeJson(join(this.trialFolder(trial.id), "trial.json"), trialJson(trial, FORMAT));
  }

  /** The weights of a trial's best epoch. */
  async loadWeights(id: string): Promise<readonly NamedTensor[]> {
    const path = join(this.trialFolder(id), "weights.safetensors");
    const { tensors } = await readSafetensors(path);
    return [...tensors.values()];
  }

  /** Leaves what is needed to train the best trial's model again. */
  async saveBest({ id, score }: ScoredTrial, plan: object): Promise<void> {
    const { objective } = this.description;
    const best = { ...plan, score, trialId: id, objective: objective.name, format: FORMAT };
    await writeJson(join(this.path, BEST), best as JsonValue);
  }

  /** That of an older study is named otherwise. */
  trialFolder(id: string): string {
    return join(this.path, this.#folders.get(id) ?? folderOfTrial(id));
  }
}

/**
 * Opens a study where one like it is, or begins one in a new or empty folder; `overwrite` deletes a study that was there.
 * Throws UsageError, naming --out, for a folder that holds something else or a study of other settings.
 */
export async function openStudy(
  path: string,
  description: StudyDescription,
  options: { readonly overwrite?: boolean; readonly facts?: TrialFacts } = {},
): Promise<StudyFolder> {
  const { overwrite = false, facts = null } = options;
  const found = overwrite ? null : await checkSame(path, description);
  const state = await openResumable({
    path,
    manifest: DESCRIPTION,
    kind: "study",
    format: FORMAT,
    settings: asJson({ ...description }),
    mayGrow: GROWING,
    contents: /^(trial_\d+|checkpoints|exchange|(queue|kernels|best)\.json|trials\.svg)$/,
    overwrite,
  });
  if (state === "new") return new StudyFolder(path, description, [], { facts, isResumed: false });
  if (found !== null && found < FORMAT) {
    await renumberTrials(path, FORMAT);
    await writeJson(join(path, DESCRIPTION), asJson({ format: FORMAT, ...description }));
  }
  return new StudyFolder(path, description, await readTrials(path, description), { facts });
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
  const { description } = await readDescription(path);
  return new StudyFolder(path, description, await readTrials(path, description));
}

interface RecordedTrial {
  readonly trial: Trial;
  /** Its name within the study. */
  readonly folder: string;
}

/**
 * By number. Of several trials side by side any may be over first, and a process may be killed between making a folder and
 * writing into it, also when it runs an interrupted trial again: numbers without a record are run again, like the interrupted.
 */
async function readTrials(path: string, search: StudyDescription): Promise<RecordedTrial[]> {
  const folders = (await readdir(path)).filter(isTrialFolder);
  const recorded = new Map<number, RecordedTrial>();
  for (const folder of folders) {
    const file = join(path, folder, "trial.json");
    const trial = await readTrial(file, { ...search, format: FORMAT });
    if (!trial) continue;
    const number = Number(trial.id);
    // An older study counted its folders from 0.
    const isOwn = [0, 1].includes(number - Number(folder.slice(6)));
    if (!isOwn || recorded.has(number)) {
      throw new FormatError(
        `${file}: trials must have the numbers of their folders, got ${trial.id}`,
        {
          help: "something was renamed or copied within the study; start anew",
          remedies: ["overwrite"],
        },
      );
    }
    recorded.set(number, { trial, folder });
  }
  return [...recorded.entries()].sort(([a], [b]) => a - b).map(([, found]) => found);
}
