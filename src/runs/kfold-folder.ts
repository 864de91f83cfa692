// The folder that a cross-validation leaves and goes on in: a manifest, a folder for every finished fold with its result
// and the files of a run, and at the end the summary.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { type JsonValue, writeJson } from "../io/files.ts";
import { readJsonIfThere } from "../io/read-json.ts";
import { openResumable } from "../io/resumable-folder.ts";
import { type NamedTensor, tensorDigest } from "../io/safetensors.ts";
import { amount, count, json, logs, ordinal, rate, score, sha256 } from "../io/saved-values.ts";
import type { ModelConfig } from "../models/models.ts";
import { type FoldResult, type Spread, spread } from "../train/cross-validation.ts";
import type { Score } from "../train/score.ts";
import type { TrainingSettings } from "../train/training.ts";
import type { DataRecord } from "./images-record.ts";
import { type KernelTable, writeTable } from "./kernel-table.ts";
import { optimisationEntries } from "./optimisation-record.ts";
import { saveRun } from "./run-folder.ts";
import { runConfig } from "./run-record.ts";

const FORMAT = 1;

export type KfoldSettings = {
  readonly model: ModelConfig;
  readonly folds: number;
  readonly stratified: boolean;
  readonly seed: number;
  readonly training: TrainingSettings;
  readonly limit: number | null;
  readonly leaked: boolean;
  /** Digests of the rows. */
  readonly data: { readonly train: string; readonly test: string };
};

/** A fold as its folder holds it. */
export type SavedFold = FoldResult & {
  readonly seconds: number;
  readonly adapter: string;
  readonly weightsSha256: string;
};

/** Starts or takes up the folder; see openResumable for what is refused. */
export function openKfold(
  path: string,
  settings: KfoldSettings,
  overwrite: boolean,
): Promise<"new" | "resumed"> {
  return openResumable({
    path,
    manifest: "kfold.json",
    kind: "cross-validation",
    format: FORMAT,
    settings: settings as unknown as Readonly<Record<string, JsonValue>>,
    contents: /^(fold-\d+|checkpoints|exchange|(queue|kernels|results)\.json|(folds|curves)\.svg)$/,
    overwrite,
  });
}

export function foldFolder(out: string, fold: number): string {
  return join(out, foldName(fold));
}

/** Of a fold's folder, and of its checkpoints'; `fold` counts from 0. */
export function foldName(fold: number): string {
  return `fold-${fold + 1}`;
}

export interface FoldFacts {
  readonly settings: KfoldSettings;
  readonly classNames: readonly string[];
  readonly data: DataRecord;
  readonly seconds: number;
  readonly adapter: string;
  /** That the folds are recorded with; null where all is left to the order. */
  readonly kernels?: KernelTable | null;
}

/** The run first, weights before all: fold.json says that the fold is finished. */
export async function saveFold(
  out: string,
  result: FoldResult,
  weights: readonly NamedTensor[],
  facts: FoldFacts,
): Promise<SavedFold> {
  const folder = foldFolder(out, result.fold);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  const { seconds, adapter } = facts;
  const saved = { ...result, seconds, adapter, weightsSha256: tensorDigest(weights) };
  await saveFoldRun(folder, saved, weights, facts);
  if (facts.kernels) await writeTable(folder, facts.kernels);
  await writeJson(join(folder, "fold.json"), inFile(saved));
  return saved;
}

async function saveFoldRun(
  folder: string,
  result: SavedFold,
  weights: readonly NamedTensor[],
  { settings, classNames, data }: FoldFacts,
): Promise<void> {
  const { fold, seed, epochs, bestEpoch, heldOut, test, seconds, adapter, weightsSha256 } = result;
  const { model, training, limit, folds } = settings;
  await saveRun(folder, {
    config: runConfig({
      ...{ model, classNames, adapter },
      training: { ...training, seed, limit },
      data: {
        ...data,
        trainRows: result.trainRows,
        heldOutRows: heldOut.rows,
        testRows: test?.rows ?? 0,
      },
      origin: { kind: "fold", fold: fold + 1, folds },
    }),
    metrics: {
      ...{ model: model.name, epochs, bestEpoch },
      ...{ valLoss: heldOut.loss, valAccuracy: heldOut.accuracy },
      ...{ testLoss: test?.loss ?? null, testAccuracy: test?.accuracy ?? null },
      parameters: weights.reduce((sum, { data }) => sum + data.length, 0),
      ...{ weightsSha256, seconds, adapter },
    },
    history: result.history,
    weights,
  });
}

/** The file's best epoch counts from 0, and stays readable for those who have such files. */
function inFile(fold: SavedFold): SavedFold {
  return { ...fold, bestEpoch: fold.bestEpoch - 1 };
}

function fromFile(fold: SavedFold): SavedFold {
  return { ...fold, bestEpoch: fold.bestEpoch + 1 };
}

/** The folds that are finished, by number. */
export async function loadFolds(out: string, folds: number): Promise<Map<number, SavedFold>> {
  const found = new Map<number, SavedFold>();
  for (let fold = 0; fold < folds; fold++) {
    const path = join(foldFolder(out, fold), "fold.json");
    const saved = await readJsonIfThere(path, foldSchema(fold), {
      what: `the result of fold ${fold + 1}`,
      help: "remove the file, and the fold is trained again",
    });
    if (saved) found.set(fold, fromFile(saved));
  }
  return found;
}

/** As it crosses from one process to another; a folder's counts its best epoch from 0. */
export const foldResult = v.object({
  fold: count,
  seed: count,
  trainRows: count,
  epochs: count,
  bestEpoch: count,
  heldOut: score,
  test: v.nullable(score),
  leaked: v.nullable(score),
  history: v.array(logs),
});

function foldSchema(fold: number) {
  return v.object({
    ...foldResult.entries,
    fold: v.literal(fold),
    seconds: amount,
    adapter: v.string(),
    weightsSha256: sha256,
  });
}

/** Settings that another process tells of; its model is checked by whoever builds it. */
export const kfoldSettings = v.object({
  model: json,
  folds: v.pipe(ordinal, v.minValue(2)),
  stratified: v.boolean(),
  seed: count,
  training: v.objectWithRest(
    {
      ...{ epochs: ordinal, batchSize: ordinal, learningRate: rate, patience: count },
      ...optimisationEntries,
    },
    json,
  ),
  limit: v.nullable(ordinal),
  leaked: v.boolean(),
  data: v.object({ train: v.string(), test: v.string() }),
});

/** A fold that has no result, because its numbers became none. */
export type DivergedFold = {
  /** From 1. */
  readonly fold: number;
  readonly reason: string;
};

export type ScoreSpread = { readonly loss: Spread; readonly accuracy: Spread };

export type KfoldSummary = {
  readonly heldOut: ScoreSpread;
  readonly test: ScoreSpread | null;
  readonly leaked: ScoreSpread | null;
};

/** Mean and sample standard deviation over the folds. */
export function summarise(folds: readonly FoldResult[]): KfoldSummary {
  const over = (scores: readonly (Score | null)[]): ScoreSpread | null => {
    const given = scores.filter((score) => score !== null);
    if (given.length < folds.length) return null;
    return {
      loss: spread(given.map((score) => score.loss)),
      accuracy: spread(given.map((score) => score.accuracy)),
    };
  };
  const heldOut = folds.map((fold) => fold.heldOut);
  return {
    heldOut: {
      loss: spread(heldOut.map((score) => score.loss)),
      accuracy: spread(heldOut.map((score) => score.accuracy)),
    },
    test: over(folds.map((fold) => fold.test)),
    leaked: over(folds.map((fold) => fold.leaked)),
  };
}

/** results.json; holds no times, so that a resumed run ends in the same bytes. */
export async function saveKfoldResults(
  out: string,
  settings: KfoldSettings,
  folds: readonly SavedFold[],
  diverged: readonly DivergedFold[] = [],
): Promise<void> {
  const scores = folds.map(({ fold, epochs, bestEpoch, heldOut, test, leaked, weightsSha256 }) => ({
    ...{ fold: fold + 1, epochs, bestEpoch, heldOut, test, leaked },
    weightsSha256,
  }));
  const summary = folds.length > 0 ? summarise(folds) : null;
  const failed = diverged.length > 0 ? { failed: diverged } : {};
  const results = { ...settings, summary, scores, ...failed };
  await writeJson(join(out, "results.json"), results as unknown as JsonValue);
}
