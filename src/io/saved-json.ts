// JSON that was saved: by us, by an earlier version, or by whoever changed it since. In UTF-8, of finite numbers, and of the form that a
// schema says; anything else is a FormatError that names the file and the place in it. read-json.ts reads the files.

import * as v from "valibot";
import { FormatError } from "../engine/core/errors.ts";
import { foreignText } from "../format/foreign-text.ts";

export interface SavedJson {
  /** What the file should be, for messages: `the record of a run`. */
  readonly what: string;
  /** Checked before all else: a file whose `format` is above this was written by a newer version. */
  readonly format?: number;
  readonly help?: string;
  /** Arguments that would help, beside `help`. */
  readonly remedies?: readonly string[];
  /** Larger files are refused unread; default 64 MiB. */
  readonly mostBytes?: number;
}

export type Schema = v.GenericSchema<unknown, unknown>;

/** Of lists and objects within each other; ours are a dozen deep. */
const MOST_DEPTH = 64;
/** Of a value that is shown in a message. */
const MOST_SHOWN = 60;

export interface JsonText<S extends Schema> {
  readonly schema: S;
  /** That messages call it by: its file. */
  readonly name: string;
  readonly saved: SavedJson;
}

/** Throws FormatError for anything but what the schema describes. */
export function parseJson<S extends Schema>(
  text: string,
  { schema, name, saved }: JsonText<S>,
): v.InferOutput<S> {
  const details = detailsOf(saved);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${name}: must be JSON, got ${text.length} characters that are not`, {
      ...details,
      cause,
    });
  }
  return checkJson(value, { schema, name, saved });
}

/** The same for JSON that is parsed. */
export function checkJson<S extends Schema>(
  value: unknown,
  { schema, name, saved }: JsonText<S>,
): v.InferOutput<S> {
  // Valibot takes a list for an object, and whatever we save is one.
  if (Array.isArray(value)) {
    throw new FormatError(`${name}: must be ${saved.what}, got a list`, detailsOf(saved));
  }
  checkFormat(value, name, saved);
  const fault = faultOfNumbers(value, [], 0);
  const parsed = fault ? null : v.safeParse(schema, value, { abortEarly: true });
  if (parsed?.success) return parsed.output;
  const { at, rule, got } = fault ?? describe(parsed?.issues[0], saved);
  throw new FormatError(`${name}: ${at}must be ${rule}, got ${got}`, detailsOf(saved));
}

/** Throws FormatError for bytes that are no UTF-8. */
export function decodeJson(path: string, bytes: Uint8Array, saved: SavedJson): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(
      `${path}: must be JSON in UTF-8, got ${bytes.length} bytes that are not`,
      {
        ...detailsOf(saved),
        cause,
      },
    );
  }
}

export function detailsOf({ help, remedies }: SavedJson) {
  return { ...(help === undefined ? {} : { help }), ...(remedies ? { remedies } : {}) };
}

function checkFormat(value: unknown, name: string, { format: newest }: SavedJson): void {
  if (newest === undefined || typeof value !== "object" || value === null) return;
  const { format } = value as { readonly format?: unknown };
  if (typeof format !== "number" || format <= newest) return;
  throw new FormatError(
    `${name}: was written by a newer Vitrine, got format ${format}, this one reads ${newest}`,
    { help: "update Vitrine" },
  );
}

interface Fault {
  /** `scores.0 `, or nothing for the whole. */
  readonly at: string;
  readonly rule: string;
  readonly got: string;
}

/** 1e400 is a number in JSON and infinite here. Depth is bounded, so that nothing that looks at the value runs out of stack. */
function faultOfNumbers(value: unknown, path: readonly string[], depth: number): Fault | null {
  if (typeof value === "number" && !Number.isFinite(value)) {
    return { at: placeOf(path), rule: "a finite number", got: String(value) };
  }
  if (typeof value !== "object" || value === null) return null;
  if (depth === MOST_DEPTH) {
    return { at: "it ", rule: `at most ${MOST_DEPTH} lists and objects deep`, got: "more" };
  }
  for (const [key, one] of Object.entries(value)) {
    const fault = faultOfNumbers(one, [...path, key], depth + 1);
    if (fault) return fault;
  }
  return null;
}

function placeOf(path: readonly string[]): string {
  return path.length === 0 ? "" : `${foreignText(path.join("."), MOST_SHOWN)} `;
}

function describe(issue: v.BaseIssue<unknown> | undefined, { what }: SavedJson): Fault {
  if (!issue) return { at: "", rule: what, got: "something else" };
  const path = v.getDotPath(issue);
  // Of the whole file, "an object" says less than what the file should be.
  if (path === null) return { at: "", rule: what, got: gotOf(issue) };
  return { at: placeOf([path]), rule: ruleOf(issue), got: gotOf(issue) };
}

const TYPES: Readonly<Record<string, string>> = {
  number: "a number",
  finite: "a finite number",
  integer: "a whole number",
  safe_integer: "a whole number",
  string: "text",
  boolean: "true or false",
  object: "an object",
  loose_object: "an object",
  record: "an object",
  array: "a list",
  tuple: "a list",
};

/** After `must be`; schemas of ours say it themselves where they check something of their own. */
function ruleOf(issue: v.BaseIssue<unknown>): string {
  const { type, kind, expected, received, message, requirement } = issue;
  // What valibot says of a key that is missing carries the object's type.
  if (kind === "schema" && received === "undefined" && expected?.startsWith('"')) return "there";
  if (type === "custom") return message;
  if (type === "min_value") return `at least ${requirement}`;
  if (type === "max_value") return `at most ${requirement}`;
  return (
    TYPES[type] ?? (kind === "schema" && type !== "custom" ? listed(expected ?? type) : message)
  );
}

/** `("a" | "b")` as `"a" or "b"`. */
function listed(expected: string): string {
  return expected.replace(/^\((.*)\)$/, "$1").replaceAll(" | ", " or ");
}

const GOT: Readonly<Record<string, string>> = {
  undefined: "nothing",
  Object: "an object",
  Array: "a list",
};

function gotOf({ received, type }: v.BaseIssue<unknown>): string {
  if (type === "partial_check") return "none";
  return Object.hasOwn(GOT, received) ? String(GOT[received]) : foreignText(received, MOST_SHOWN);
}
