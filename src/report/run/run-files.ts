// What a run's folder holds beside its configuration and weights: history and figures as they were recorded. Any of it may be
// missing, as from a run that was cut short; what is there must be readable.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { FormatError } from "../../engine/core/errors.ts";
import type { JsonValue } from "../../io/files.ts";
import { readJsonIfThere } from "../../io/read-json.ts";
import { json, share } from "../../io/saved-values.ts";
import type { EpochRow } from "../../runs/history.ts";
import { loadStatistics, type SavedStatistics } from "../../runs/statistics-file.ts";

export type JsonRecord = Readonly<Record<string, JsonValue>>;

export interface RunFiles {
  /** Empty where there is none. */
  readonly history: readonly EpochRow[];
  /** What the run said of itself when it ended; empty where it did not come to that. */
  readonly metrics: JsonRecord;
  /** What `--stats` measured; empty where nothing was. */
  readonly statistics: SavedStatistics;
}

/** What a run says of itself: anything, but for shares. */
const metricsSchema = v.objectWithRest(
  { valAccuracy: v.optional(v.nullable(share)), testAccuracy: v.optional(v.nullable(share)) },
  json,
);

export async function readRunFiles(run: string): Promise<RunFiles> {
  const history = join(run, "history.csv");
  const metrics = await readJsonIfThere(join(run, "metrics.json"), metricsSchema, {
    what: "an object of figures",
  });
  return {
    history: parseHistory(await readIfThere(history), history),
    metrics: metrics ?? {},
    statistics: await loadStatistics(run),
  };
}

async function readIfThere(path: string): Promise<string | null> {
  return await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
}

export function isRecord(value: JsonValue): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads what runs/history.ts writes; columns that it does not know are passed over. */
export function parseHistory(text: string | null, path: string): EpochRow[] {
  const lines = (text ?? "").split(/\r?\n/).filter((line) => line !== "");
  const columns = lines.shift()?.split(",") ?? [];
  const absent = ["loss", "accuracy"].find((name) => !columns.includes(name));
  if (lines.length > 0 && absent !== undefined) {
    throw new FormatError(`${path}:1: the header must name ${absent}, got ${columns.join(",")}`);
  }
  return lines.map((line, i) => {
    const fields = line.split(",");
    const where = `${path}:${i + 2}`;
    if (fields.length !== columns.length) {
      const rule = `must have ${columns.length} values, as the header`;
      throw new FormatError(`${where}: a row ${rule}, got ${fields.length}`);
    }
    const value = (name: string): number | undefined => {
      const field = fields[columns.indexOf(name)];
      return field === undefined ? undefined : numberOf(field, `${where}: ${name}`);
    };
    const share = (name: string): number | undefined => {
      const found = value(name);
      if (found === undefined || (found >= 0 && found <= 1) || Number.isNaN(found)) return found;
      throw new FormatError(`${where}: ${name} must be from 0 to 1, got ${found}`);
    };
    return {
      epoch: value("epoch") ?? i,
      loss: value("loss") ?? Number.NaN,
      accuracy: share("accuracy") ?? Number.NaN,
      valLoss: value("val_loss"),
      valAccuracy: share("val_accuracy"),
      learningRate: value("lr") ?? Number.NaN,
    };
  });
}

const SPECIAL: Readonly<Record<string, number | undefined>> = {
  NA: undefined,
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

function numberOf(field: string, where: string): number | undefined {
  if (Object.hasOwn(SPECIAL, field)) return SPECIAL[field];
  const value = field.trim() === "" ? Number.NaN : Number(field);
  if (Number.isNaN(value)) throw new FormatError(`${where} must be a number, got "${field}"`);
  return value;
}
