// The description of a study on disk, oracle.json: what is searched and how. Trials depend on it and on nothing else.

import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { UsageError } from "../engine/core/errors.ts";
import type { JsonValue } from "../io/files.ts";
import { readJson } from "../io/read-json.ts";
import { finite, jsonRecord, ordinal } from "../io/saved-values.ts";
import { checkParameter, type Parameter } from "../tune/parameter.ts";
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
  const { format, ...description } = await readJson(join(path, DESCRIPTION), schema, {
    what: "what a study searches",
    format: FORMAT,
    help: "choose another folder, or overwrite what is there",
    remedies: ["out", "overwrite"],
  });
  return { format, description };
}

const value = v.union([v.string(), finite, v.boolean()]);
const declared = {
  name: v.string(),
  conditions: v.array(v.object({ parent: v.string(), values: v.array(value) })),
};
const range = {
  ...{ min: finite, max: finite, step: v.nullable(finite), default: finite },
  sampling: v.picklist(["linear", "log", "reverse-log"]),
};
const parameter = v.pipe(
  v.variant("kind", [
    v.object({ ...declared, kind: v.literal("int"), ...range }),
    v.object({ ...declared, kind: v.literal("float"), ...range }),
    v.object({ ...declared, kind: v.literal("choice"), values: v.array(value), default: value }),
    v.object({ ...declared, kind: v.literal("boolean"), default: v.boolean() }),
    v.object({ ...declared, kind: v.literal("fixed"), default: value }),
  ]),
  v.check((found) => isSound(found), "a range, choice or default that can be searched"),
);

const schema = v.object({
  format: ordinal,
  model: v.string(),
  tuner: v.string(),
  objective: v.object({ name: v.string(), direction: v.picklist(["min", "max"]) }),
  maxTrials: v.nullable(ordinal),
  space: v.array(parameter),
  settings: jsonRecord,
});

function isSound(found: Parameter): boolean {
  try {
    checkParameter(found);
    return true;
  } catch {
    return false;
  }
}

export function asJson(value: object): { readonly [key: string]: JsonValue } {
  return value as { readonly [key: string]: JsonValue };
}
