// A trial as a file: JSON with its figures, in which what is not a number is null. The order of values, which JSON files
// of ours do not keep, comes back from the search space.

import { readFile } from "node:fs/promises";
import { FormatError } from "../engine/core/errors.ts";
import type { JsonValue } from "../io/files.ts";
import type { Logs } from "../train/callbacks/callback.ts";
import type { Value, Values } from "../tune/parameter.ts";
import type { Space } from "../tune/space.ts";
import type { Trial } from "../tune/trial.ts";

const STEERING = ["tuner/epochs", "tuner/initial_epoch", "tuner/bracket", "tuner/round"];

export function trialJson({ history, ...trial }: Trial, format: number): JsonValue {
  return { ...trial, format, history: history.map((logs) => ({ ...logs })) };
}

/** Null when there is no such file. Throws FormatError, naming the file, for anything but a trial. */
export async function readTrial(
  path: string,
  { space, format }: { readonly space: Space; readonly format: number },
): Promise<Trial | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  const found = parse(text, path);
  const { id, status, values } = found;
  if (typeof id !== "string" || typeof values !== "object" || !isStatus(status)) {
    throw new FormatError(`${path}: must be a trial, got no id, values or status`);
  }
  if (found.format !== format) {
    throw new FormatError(
      `${path}: was written by another Vitrine, got format ${found.format}, this one reads ${format}`,
    );
  }
  const { score = null, bestEpoch = null, message = null, seconds = 0, folds = [] } = found;
  const history = (found.history ?? []).map(withNaN);
  const ordered = inOrder(values, space);
  return { id, values: ordered, status, score, bestEpoch, folds, history, seconds, message };
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
