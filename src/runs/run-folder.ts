// The folder that a training run leaves: what was asked for, what came out, and the weights; its pictures are
// report/charts/saved-charts.ts's. Written file by file, each whole or not at all; read again by `evaluate` and `predict`.

import { join } from "node:path";
import { FormatError, UsageError } from "../engine/core/errors.ts";
import type { Shape } from "../engine/core/shape.ts";
import { findNonFinite } from "../engine/layers/finite-weights.ts";
import type { Weights } from "../engine/layers/variables.ts";
import { type JsonValue, writeAtomically, writeJson } from "../io/files.ts";
import { readJsonIfThere } from "../io/read-json.ts";
import { readSafetensors, type TensorData, writeSafetensors } from "../io/safetensors.ts";
import { predictionOf } from "../models/models.ts";
import type { Callback, Logs } from "../train/callbacks/callback.ts";
import { type EpochRow, historyCsv, historyRow } from "./history.ts";
import { describeNoRun, olderRun } from "./older-runs.ts";
import {
  checkedRunConfig,
  RUN_FORMAT,
  RUN_SCHEMA,
  type RunConfig,
  type RunResults,
  runConfig,
} from "./run-record.ts";

/** Saves a run into a folder that exists. Weights first: they are what cannot be had again. */
export async function saveRun(out: string, results: RunResults): Promise<void> {
  const { config, metrics, history, weights } = results;
  await writeSafetensors(join(out, "weights.safetensors"), weights, { model: config.model.name });
  await writeJson(join(out, "config.json"), config as unknown as JsonValue);
  await writeJson(join(out, "metrics.json"), metrics);
  const rows = history.map(historyRow);
  if (rows.length > 0) await writeHistory(join(out, "history.csv"), rows);
}

/**
 * Writes the folder's history.csv after every epoch, so that it outlives the run. Comes last, when the logs are complete.
 * `earlier`: epochs of the same training that it goes on after.
 */
export function historyFile(out: string, earlier: readonly Logs[] = []): Callback {
  let rows: EpochRow[] = [];
  return {
    onTrainBegin: () => {
      rows = earlier.map(historyRow);
    },
    onEpochEnd: (epoch, logs) => {
      rows.push(historyRow(logs, epoch));
      return writeHistory(join(out, "history.csv"), rows);
    },
  };
}

export async function writeHistory(path: string, rows: readonly EpochRow[]): Promise<void> {
  await writeAtomically(path, historyCsv(rows));
}

export interface SavedRun {
  readonly config: RunConfig;
  readonly weights: Weights;
  /** Shapes of the weights, by name. */
  readonly shapes: ReadonlyMap<string, Shape>;
}

/**
 * Reads what `saveRun` left, also of a trial or a fold of an earlier version.
 * Throws UsageError when the folder is no run, FormatError when a file is damaged or a weight is no finite number.
 */
export async function loadRun(folder: string): Promise<SavedRun> {
  const config = await readRunConfig(folder);
  const weightsPath = join(folder, "weights.safetensors");
  const file = await readSafetensors(weightsPath);
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  const shapes = new Map<string, Shape>();
  for (const [name, { data, dtype, shape }] of file.tensors) {
    if (dtype !== "F32") {
      throw new FormatError(`${weightsPath}: weights must be F32, got ${dtype} in ${name}`);
    }
    weights.set(name, floatsOf(data));
    shapes.set(name, shape);
  }
  refuseNonFinite(weightsPath, weights);
  return { config, weights, shapes };
}

/** A network with one such weight says NaN of everything, which looks like the first class. */
function refuseNonFinite(path: string, weights: Weights): void {
  const found = findNonFinite(weights);
  if (!found) return;
  const { name, index, value, count, elements } = found;
  throw new FormatError(
    `${path}: weights must be finite numbers, got ${value} at ${index} of ${name}, and so ${count} of its ${elements}`,
    { help: "the training diverged, or the file was changed; train again, at a lower rate" },
  );
}

/** The record of a run by itself; throws as `loadRun` does. */
export async function readRunConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, "config.json");
  const saved = { what: "the record of a run", format: RUN_FORMAT };
  const found = await readJsonIfThere(path, RUN_SCHEMA, saved).catch((error: unknown) => {
    if (error instanceof Error && "code" in error) return error as NodeJS.ErrnoException;
    throw error;
  });
  if (found instanceof Error) throw await noRun(folder, found);
  if (found) return ofClasses(checkedRunConfig(found, path), path);
  const older = await olderRun(folder);
  if (older) return runConfig(older);
  throw await noRun(folder, null);
}

/** Throws UsageError for a model that gives pictures: what is scored, reported and compared here are classes. */
function ofClasses(config: RunConfig, path: string): RunConfig {
  if (predictionOf(config.model) === "classes") return config;
  throw new UsageError(
    `run: must be of a model that tells classes apart, got one that gives pictures in ${path}`,
    { argument: "run", help: "the page of npm run web opens its .zip" },
  );
}

async function noRun(folder: string, cause: NodeJS.ErrnoException | null): Promise<UsageError> {
  const { got, help } = cause
    ? { got: `${folder} (${cause.code})`, help: undefined }
    : await describeNoRun(folder);
  return new UsageError(`run: must be the folder of a saved run, got ${got}`, {
    argument: "run",
    ...(help === undefined ? { help: "a training saves one", remedies: ["train"] } : { help }),
    cause,
  });
}

/** A view where that is possible: large networks are held once. */
function floatsOf({ buffer, byteOffset, length }: TensorData): Float32Array<ArrayBuffer> {
  const isPlain = buffer instanceof ArrayBuffer;
  return isPlain
    ? new Float32Array(buffer, byteOffset, length)
    : new Float32Array(buffer, byteOffset, length).slice();
}
