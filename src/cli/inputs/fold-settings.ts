// What `kfold`'s flags ask for, as its folder records it and workers are told.

import type { CleanData } from "../../data/clean.ts";
import { dataDigest } from "../../data/data-digest.ts";
import { UsageError } from "../../engine/core/errors.ts";
import type { KfoldSettings } from "../../runs/kfold-folder.ts";
import type { Chosen } from "./chosen-model.ts";

interface FoldFlags {
  readonly folds: number;
  readonly stratified: boolean;
  readonly seed: number;
  readonly epochs: number;
  readonly patience: number;
  readonly leaked: boolean;
  readonly limit?: number | undefined;
}

/** Rows that are shared out into folds. Throws UsageError, naming the flag, where there are too few. */
export function countFoldRows(data: CleanData, { limit, folds }: FoldFlags): number {
  const available = data.train.rows;
  if (limit !== undefined && limit > available) {
    throw new UsageError(`--limit: must be at most the ${available} training rows, got ${limit}`);
  }
  const rows = limit ?? available;
  if (folds > rows) throw new UsageError(`--folds: must be at most the ${rows} rows, got ${folds}`);
  return rows;
}

/** All that the folds depend on. */
export function foldSettings(flags: FoldFlags, chosen: Chosen, data: CleanData): KfoldSettings {
  const { folds, stratified, seed, epochs, patience, leaked, limit = null } = flags;
  const { model, batchSize, learningRate, optimisation } = chosen;
  return {
    model,
    folds,
    stratified,
    seed,
    training: { epochs, batchSize, learningRate, patience, ...optimisation },
    limit,
    leaked,
    data: { train: dataDigest(data.train), test: dataDigest(data.test) },
  };
}
