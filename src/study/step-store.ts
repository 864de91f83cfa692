// The folder of a study: study.json says what was asked for, and every finished step has a folder with a step.json that
// holds its result. A step that has one is not done again; anything else in the folder of a step may be half of it.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "../engine/core/errors.ts";
import { type JsonValue, stableJson, writeJson } from "../io/files.ts";
import { openResumable } from "../io/resumable-folder.ts";
import { STUDY_FORMAT, type StudySettings } from "../report/story/study-record.ts";

const STEP = "step.json";

export interface StepResult<Result> {
  readonly result: Result;
  /** That the step took when it was done. */
  readonly seconds: number;
}

export class StepStore {
  readonly path: string;
  readonly settings: StudySettings;

  private constructor(path: string, settings: StudySettings) {
    this.path = path;
    this.settings = settings;
  }

  /**
   * Goes on with the study in the folder, or begins one where there is none; see openResumable for what is refused.
   * `overwrite` deletes a study that was there, and nothing but a study.
   */
  static async open(path: string, settings: StudySettings, overwrite: boolean): Promise<StepStore> {
    await openResumable({
      path,
      manifest: "study.json",
      kind: "study",
      format: STUDY_FORMAT,
      settings,
      contents: /^(\d\d-[a-z]+|record\.json|report\.(html|md))$/,
      overwrite,
    });
    return new StepStore(path, settings);
  }

  /** The step's folder: what it leaves goes there. */
  folder(step: string): string {
    return join(this.path, step);
  }

  /** The result of a step that is done, or null. */
  async finished<Result extends JsonValue>(step: string): Promise<StepResult<Result> | null> {
    const file = join(this.folder(step), STEP);
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (text === null) return null;
    const { settings, result, seconds } = parse(text, file);
    if (settings === undefined || stableJson(settings) !== stableJson(this.settings)) {
      throw damaged(file, "must be of this study, got other settings");
    }
    if (result === undefined || typeof seconds !== "number") {
      throw damaged(file, "must hold the result of a step and its seconds, got neither or one");
    }
    return { result: result as Result, seconds };
  }

  /** Makes room for a step. What an interrupted run left of it stays: some steps go on from it. */
  async begin(step: string): Promise<string> {
    await mkdir(this.folder(step), { recursive: true });
    return this.folder(step);
  }

  /** Marks the step as done; comes last. */
  async finish(step: string, result: JsonValue, seconds: number): Promise<void> {
    await writeJson(join(this.folder(step), STEP), { settings: this.settings, result, seconds });
  }
}

function parse(text: string, file: string): { readonly [key: string]: JsonValue } {
  try {
    const found: { readonly [key: string]: JsonValue } | null = JSON.parse(text);
    if (found !== null && typeof found === "object") return found;
  } catch {
    // Said below.
  }
  throw damaged(file, `must be a JSON object, got ${text.length} characters that are not`);
}

function damaged(file: string, rule: string): FormatError {
  return new FormatError(`${file}: ${rule}`, {
    help: "remove the step's folder and those after it to have them done again, or give --overwrite",
  });
}
