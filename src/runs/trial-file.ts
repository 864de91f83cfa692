// A trial as a file: JSON with its figures, in which what is not a number is null. The order of values, which JSON files
// of ours do not keep, comes back from the search space.

import { readFile } from "node:fs/promises";
import { FormatError } from "../engine/core/errors.ts";
import type { JsonValue } from "../io/files.ts";
import type { Logs } from "../train/callbacks/callback.ts";
import type { Value, Values } from "../tune/parameter.ts";
import type { Space } from "../tune/space.ts";
import type { Trial } from "../tune/trial.ts";

const PARENT = "tuner/trial_id";
const STEERING = ["tuner/epochs", "tuner/initial_epoch", "tuner/bracket", "tuner/round"];

const FOLDER = /^trial_\d+$/;

export function isTrialFolder(name: string): boolean {
  return FOLDER.test(name);
}

export function folderOfTrial(id: string): string {
  return `trial_${id}`;
}

export function trialJson({ history, ...trial }: Trial, format: number): JsonValue {
  return { ...trial, format, history: history.map((logs) => ({ ...logs })) };
}

/** Null when there is no such file. Throws FormatError, naming the file, for anything but a trial. */
export async function readTrial(
  path: string,
  { space, format }: { readonly space: Space; readonly format: number },
): Promise<Trial | null> {
  const trial = await readRecord(path, format).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return trial && { ...trial, values: inOrder(trial.values, space) };
}

/** A trial whose values stand in any order. Throws the system's error where there is no such file. */
export async function readRecord(path: string, format: number): Promise<Trial> {
  const raw = parse(await readFile(path, "utf8"), path);
  const found = raw.format === 1 ? renumbered(raw) : raw;
  const { id, status, values } = found;
  if (typeof id !== "string" || typeof values !== "object" || !isStatus(status)) {
    throw new FormatError(`${path}: must be a trial, got no id, values or status`);
  }
  if (typeof found.format !== "number" || found.format > format) {
    throw new FormatError(
      `${path}: was written by another Vitrine, got format ${found.format}, this one reads ${format}`,
    );
  }
  const { score = null, bestEpoch = null, message = null, seconds = 0, folds = [] } = found;
  const history = (found.history ?? []).map(withNaN);
  const { adapter, driver } = found;
  const ranOn = adapter === undefined ? {} : { adapter, driver };
  return { id, values, status, score, bestEpoch, folds, history, seconds, message, ...ranOn };
}

type Found = Partial<Trial> & { readonly format?: unknown };

function parse(text: string, path: string): Found {
  try {
    return JSON.parse(text) ?? {};
  } catch (cause) {
    throw new FormatError(`${path}: must be JSON, got ${text.length} characters that are not`, {
      cause,
    });
  }
}

/** A record of format 1, which counted from 0, in today's numbers. */
function renumbered({ id, values = {}, ...found }: Found): Found {
  const parent = values[PARENT];
  const moved = parent === undefined ? values : { ...values, [PARENT]: fromOne(parent) };
  return { ...found, id: fromOne(id), values: moved };
}

/** What format 1 called a trial, in today's numbers. */
export function fromOne(id: unknown): string {
  return String(Number(id) + 1);
}

function isStatus(status: unknown): status is Trial["status"] {
  return status === "running" || status === "completed" || status === "failed";
}

function withNaN(logs: Readonly<Record<string, number | null>>): Logs {
  return Object.fromEntries(Object.entries(logs).map(([key, value]) => [key, value ?? Number.NaN]));
}

function inOrder(values: Values, space: Space): Values {
  const names = new Set([...space.map(({ name }) => name), ...STEERING, ...Object.keys(values)]);
  const ordered: Record<string, Value> = {};
  for (const name of names) {
    const value = values[name];
    if (value !== undefined) ordered[name] = value;
  }
  return ordered;
}
