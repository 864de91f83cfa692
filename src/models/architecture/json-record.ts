// JSON of which nothing is known yet: asked for as an object or a list, and quoted in messages.

import { FormatError } from "../../engine/core/errors.ts";

export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Throws FormatError, naming `where`, for what is no object. */
export function record(value: unknown, where: string): JsonRecord {
  if (isRecord(value)) return value;
  throw new FormatError(`${where}: must be an object, got ${quote(value)}`);
}

/** Throws FormatError, naming `where`, for what is no list. */
export function list(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new FormatError(`${where}: must be a list, got ${quote(value)}`);
}

/** As JSON, cut off where it is long. */
export function quote(value: unknown): string {
  const json = JSON.stringify(value) ?? "nothing";
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
