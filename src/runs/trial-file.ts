// A trial as a file: JSON with its figures, in which what is not a number is null. The order of values, which JSON files
// of ours do not keep, comes back from the search space.

import * as v from "valibot";
import type { JsonValue } from "../io/files.ts";
import { readJsonIfThere } from "../io/read-json.ts";
import { checkJson } from "../io/saved-json.ts";
import { amount, count, finite, logs, ordinal, share } from "../io/saved-values.ts";
import { isValueOf, type Parameter, type Value, type Values } from "../tune/parameter.ts";
import type { Space } from "../tune/space.ts";
import type { Objective, Trial } from "../tune/trial.ts";

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

export interface TrialOf {
  readonly space: Space;
  readonly objective: Objective;
  readonly format: number;
}

/** Null when there is no such file. Throws FormatError, naming the file, for anything but a trial of this search. */
export async function readTrial(path: string, search: TrialOf): Promise<Trial | null> {
  const { space, objective, format } = search;
  const trial = await readRecord(path, format);
  if (!trial) return null;
  const saved = { what: "a trial of its search", help: "remove its folder, and it is run again" };
  const form = v.object({ values: searchedValues(space), score: scoreOf(objective) });
  const { values, score } = trial;
  checkJson({ values, score }, { schema: form, name: path, saved });
  return { ...trial, values: inOrder(trial.values, space) };
}

/** A trial whose values stand in any order, of whichever search; null when there is no such file. */
export async function readRecord(path: string, format: number): Promise<Trial | null> {
  const help = "remove its folder, and it is run again";
  const found = await readJsonIfThere(path, schema, { what: "a trial", format, help });
  if (!found) return null;
  const { format: _, adapter, driver, ...trial } = renumbered(found);
  const ranOn = adapter === undefined ? {} : { adapter, driver };
  return { ...trial, ...ranOn };
}

const id = v.pipe(v.string(), v.regex(/^\d{1,9}$/, "the number of a trial"));
const value = v.union([v.string(), finite, v.boolean()]);

const schema = v.pipe(
  v.object({
    format: ordinal,
    id,
    values: v.record(v.string(), value),
    status: v.picklist(["running", "completed", "failed"]),
    score: v.optional(v.nullable(finite), null),
    bestEpoch: v.optional(v.nullable(count), null),
    folds: v.optional(v.array(finite), []),
    history: v.optional(v.array(logs), []),
    seconds: v.optional(amount, 0),
    message: v.optional(v.nullable(v.string()), null),
    adapter: v.optional(v.string()),
    driver: v.optional(v.string()),
  }),
  v.forward(
    v.partialCheck(
      [["status"], ["score"]],
      ({ status, score }) => status !== "completed" || score !== null,
      "a number in a completed trial",
    ),
    ["score"],
  ),
);
type Found = v.InferOutput<typeof schema>;

/** Of the search space, as far as the trial has them, and those that steer Hyperband. */
function searchedValues(space: Space) {
  const steering = { ...Object.fromEntries(STEERING.map((name) => [name, v.optional(count)])) };
  const searched = space.map((parameter) => [
    parameter.name,
    v.optional(searchedValue(space, parameter)),
  ]);
  return v.looseObject({ ...Object.fromEntries(searched), ...steering, [PARENT]: v.optional(id) });
}

/** A name may stand in the space several times, under conditions that exclude each other. */
function searchedValue(space: Space, { name }: Parameter) {
  const declared = space.filter((parameter) => parameter.name === name);
  return v.custom<Value>(
    (value) => declared.some((parameter) => isValueOf(parameter, value)),
    "a value that the search space has",
  );
}

/** An objective that is a share is one in the trial, too. */
function scoreOf({ name }: Objective) {
  return v.nullable(/(^|_)accuracy$/.test(name) ? share : finite);
}

/** A record of format 1, which counted from 0, in today's numbers. */
function renumbered(found: Found): Found {
  if (found.format > 1) return found;
  const parent = found.values[PARENT];
  const moved = parent === undefined ? {} : { [PARENT]: fromOne(parent) };
  return { ...found, id: fromOne(found.id), values: { ...found.values, ...moved } };
}

/** What format 1 called a trial, in today's numbers. */
export function fromOne(id: unknown): string {
  return String(Number(id) + 1);
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
