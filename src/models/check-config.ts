// A model's configuration as a file has it, distrusted: every field checked before a model is built of it.

import { FormatError, VitrineError } from "../engine/core/errors.ts";
import { classesOf } from "../engine/layers/model.ts";
import {
  createModel,
  MODEL_KINDS,
  MODEL_NAMES,
  type ModelConfig,
  predictionOf,
  settingsOf,
} from "./models.ts";
import { OWN } from "./own-model.ts";
import { ruleOf } from "./setting.ts";

/** Throws FormatError, naming the file and the field, unless a model can be built of `value`. */
export function checkModelConfig(value: unknown, file: string): ModelConfig {
  const where = `${file}: model`;
  if (typeof value !== "object" || value === null) {
    throw new FormatError(`${where}: must be an object, got ${JSON.stringify(value)}`);
  }
  const { name, ...fields } = value as Record<string, unknown>;
  const kind = "architecture" in fields ? OWN : MODEL_KINDS.find((row) => row.name === name);
  if (!kind || typeof name !== "string")
    throw broken(`${where}.name`, `must be one of ${MODEL_NAMES.join(", ")}`, name);
  const settings = new Map(settingsOf(kind));
  for (const [field, held] of Object.entries(fields)) {
    const setting = settings.get(field);
    if (!setting) throw broken(`${where}.${field}`, "is not a setting of this model", held);
    const [rule, holds] = ruleOf(setting);
    if (!holds(held)) throw broken(`${where}.${field}`, rule, held);
  }
  const config = value as ModelConfig;
  try {
    const model = createModel(config);
    if (predictionOf(config) === "classes") classesOf(model);
  } catch (cause) {
    if (!(cause instanceof VitrineError)) throw cause;
    throw new FormatError(`${where}: cannot be built, got ${cause.message}`, { cause });
  }
  return config;
}

function broken(where: string, rule: string, value: unknown): FormatError {
  return new FormatError(`${where}: ${rule}, got ${JSON.stringify(value)}`);
}
