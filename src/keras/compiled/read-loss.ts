// Losses and metrics as `compile` was given them: by name, as functions, or as objects with options.

import { snakeCase } from "../../engine/layers/net.ts";
import { isRecord, type JsonRecord, quote } from "../../models/architecture/json-record.ts";
import type { CompiledLoss } from "./compiled.ts";

/** Keras's defaults of what a loss may be told; `auto` is Keras 2's `sum_over_batch_size`. */
const DEFAULTS: readonly (readonly [string, unknown])[] = [
  ["name", undefined],
  ["fn", undefined],
  ["dtype", undefined],
  ["reduction", "auto"],
  ["reduction", "sum_over_batch_size"],
  ["from_logits", false],
  ["ignore_class", null],
  ["label_smoothing", 0],
  ["axis", -1],
];

export function readLoss(value: unknown, notes: string[]): CompiledLoss | null {
  if (value === null || value === undefined) return null;
  const loss = named(value);
  if (loss) return loss;
  notes.push(`the loss must be one of Keras's, got ${quote(value)}`);
  return null;
}

export function readMetrics(value: unknown, notes: string[]): readonly string[] {
  const flat: unknown[] = Array.isArray(value) ? value.flat(2) : value == null ? [] : [value];
  return flat.flatMap((metric) => {
    const found = named(metric);
    if (found) return [found.name];
    notes.push(`a metric is not taken over, got ${quote(metric)}`);
    return [];
  });
}

/** By Keras's name in small letters; null for what is none. */
function named(value: unknown): CompiledLoss | null {
  if (typeof value === "string") return { name: snakeName(value), options: {} };
  if (!isRecord(value)) return null;
  const { class_name: className, config } = value;
  if (typeof className !== "string") return null;
  // A function: `{ class_name: "function", config: "mse" }`.
  if (typeof config === "string") return { name: config, options: {} };
  const options = isRecord(config) ? config : {};
  const given = options["name"];
  // Of a wrapped function, the class says nothing.
  const isWrapper = /Wrapper$/.test(className) && typeof given === "string";
  return { name: isWrapper ? given : snakeName(className), options: special(options) };
}

function special(options: JsonRecord): JsonRecord {
  const isUsual = ([key, value]: readonly [string, unknown]) =>
    DEFAULTS.some(([known, usual]) => known === key && (usual === undefined || usual === value));
  return Object.fromEntries(Object.entries(options).filter((entry) => !isUsual(entry)));
}

function snakeName(name: string): string {
  return /[A-Z]/.test(name) ? snakeCase(name.replace(/^.*>/, "")) : name;
}
