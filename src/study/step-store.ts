// The folder of a study: study.json says what was asked for, and every finished step has a folder with a step.json that
// holds its result. A step that has one is not done again; anything else in the folder of a step may be half of it.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { FormatError, UsageError } from "../engine/core/errors.ts";
import { type JsonValue, stableJson, writeJson } from "../io/files.ts";
import { readJsonIfThere } from "../io/read-json.ts";
import { openFinished, openResumable } from "../io/resumable-folder.ts";
import { amount, jsonRecord } from "../io/saved-values.ts";
import { STUDY_FORMAT, type StudySettings } from "../report/story/study-record.ts";
import type { Spent } from "./step-clock.ts";
import { STEP_RESULTS, type StepKind, type StepResults } from "./step-results.ts";

const STEP = "step.json";
/** What was spent on a step that is not done. */
const TIME = "time.json";
const HELP =
  "remove the step's folder and those after it to have them done again, or give --overwrite";

/** With what the step took when it was done. */
export interface StepResult<Result> extends Spent {
  readonly result: Result;
}

const spent = { seconds: amount, beside: v.optional(amount, 0) };

export class StepStore {
  readonly path: string;
  readonly settings: StudySettings;
  /** The study can be shown, and nothing of it done. */
  readonly isReadOnly: boolean;

  private constructor(path: string, settings: StudySettings, isReadOnly: boolean) {
    this.path = path;
    this.settings = settings;
    this.isReadOnly = isReadOnly;
  }

  /**
   * Goes on with the study in the folder, or begins one where there is none; see openResumable for what is refused.
   * `overwrite` deletes a study that was there, and nothing but a study.
   */
  static async open(path: string, settings: StudySettings, overwrite: boolean): Promise<StepStore> {
    await openResumable({ ...place(path, settings), overwrite });
    return new StepStore(path, settings, false);
  }

  /** One that is finished, in a folder that cannot be written. */
  static async openReadOnly(path: string, settings: StudySettings): Promise<StepStore> {
    await openFinished(place(path, settings));
    return new StepStore(path, settings, true);
  }

  /** The step's folder: what it leaves goes there. */
  folder(step: string): string {
    return join(this.path, step);
  }

  /** The result of a step that is done, or null. */
  async finished<Name extends StepKind>(
    step: string,
    kind: Name,
  ): Promise<StepResult<StepResults[Name]> | null> {
    const file = join(this.folder(step), STEP);
    const result: v.GenericSchema<unknown, StepResults[Name]> = STEP_RESULTS[kind];
    const schema = v.object({ settings: jsonRecord, result, ...spent });
    const saved = { what: "the result of a step", help: HELP };
    const found = await readJsonIfThere(file, schema, saved);
    if (!found) return null;
    if (stableJson(found.settings) !== stableJson(this.settings)) {
      throw new FormatError(`${file}: must be of this study, got other settings`, { help: HELP });
    }
    return { result: found.result, seconds: found.seconds, beside: found.beside };
  }

  /** Makes room for a step. What an interrupted run left of it stays: some steps go on from it. */
  async begin(step: string): Promise<string> {
    if (this.isReadOnly) {
      throw new UsageError(
        `out: must be a folder that can be written, since ${step} is not done, got ${this.path}`,
        { argument: "out" },
      );
    }
    await mkdir(this.folder(step), { recursive: true });
    return this.folder(step);
  }

  /** Of a step that is begun and not done; null where nothing says so. */
  async spent(step: string): Promise<Spent | null> {
    const saved = { what: "the time that a step took", help: HELP };
    return await readJsonIfThere(join(this.folder(step), TIME), v.object(spent), saved);
  }

  /** A part of the step is done. */
  async spend(step: string, { seconds, beside }: Spent): Promise<void> {
    await writeJson(join(this.folder(step), TIME), { seconds, beside });
  }

  /** Marks the step as done; comes last. */
  async finish(step: string, result: JsonValue, { seconds, beside }: Spent): Promise<void> {
    const { settings } = this;
    await writeJson(join(this.folder(step), STEP), { settings, result, seconds, beside });
    await rm(join(this.folder(step), TIME), { force: true });
  }
}

function place(path: string, settings: StudySettings) {
  return {
    ...{ path, settings },
    manifest: "study.json",
    kind: "study",
    format: STUDY_FORMAT,
    contents: /^(\d\d-[a-z]+|exchange|(record|kernels)\.json|report\.(html|md))$/,
  };
}
