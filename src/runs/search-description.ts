// The description of a study on disk, oracle.json: what is searched and how. Trials depend on it and on nothing else.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, UsageError } from "../engine/core/errors.ts";
import type { JsonValue } from "../io/files.ts";
import type { Space } from "../tune/space.ts";
import type { Objective } from "../tune/trial.ts";
import { firstDifference } from "./json-difference.ts";

/** Raised when the files change meaning; a newer one is refused. Format 1 numbered trials from 0. */
export const FORMAT = 2;
export const DESCRIPTION = "oracle.json";

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

/** Those that a search may have more of than before: earlier ones do not depend on their number. */
export const GROWING = "maxTrials";

/** The format of a study that is there; says which setting differs, down to the hyper-parameter. */
export async function checkSame(
  path: string,
  description: StudyDescription,
): Promise<number | null> {
  if (!existsSync(join(path, DESCRIPTION))) return null;
  const found = await readDescription(path);
  const { maxTrials } = found.description;
  const hasMore = maxTrials !== null && (description.maxTrials ?? 0) > maxTrials;
  const asked = hasMore ? { ...description, maxTrials } : description;
  const difference = firstDifference(asJson(found.description), asJson(asked));
  if (!difference) return found.format;
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

export async function readDescription(
  path: string,
): Promise<{ readonly format: number; readonly description: StudyDescription }> {
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
  return { format, description: { ...rest, space, objective } as StudyDescription };
}

export function asJson(value: object): { readonly [key: string]: JsonValue } {
  return value as { readonly [key: string]: JsonValue };
}
