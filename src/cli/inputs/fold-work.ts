// The folds of a cross-validation as its settings describe them, ready to be trained: by `kfold` itself, or by a worker.

import type { CleanData } from "../../data/clean.ts";
import { firstRows, limitRows } from "../../data/dataset.ts";
import type { Split } from "../../data/split.ts";
import type { Device } from "../../engine/core/device.ts";
import { foldName, type KfoldSettings } from "../../runs/kfold-folder.ts";
import type { PartCheckpoints } from "../../runs/part-checkpoints.ts";
import type { Basis } from "../../train/basis.ts";
import { checkBatchSize } from "../../train/cross-validation.ts";
import { foldsOf } from "./split-rows.ts";

/** Throws UsageError where the rows are too few for the folds, or a fold for a batch. */
export function splitsOf(settings: KfoldSettings, { train }: CleanData): readonly Split[] {
  const { folds, seed, stratified, limit, training } = settings;
  const rows = limit ?? train.rows;
  const stratify = stratified ? train.labels.subarray(0, rows) : undefined;
  const splits = foldsOf(rows, { folds, seed, stratify });
  checkBatchSize(splits, training.batchSize);
  return splits;
}

export interface FoldEquipment {
  readonly device: Device;
  readonly basis: Basis;
  readonly data: CleanData;
  readonly settings: KfoldSettings;
  readonly checkpoints: PartCheckpoints;
}

/** What `crossValidate` is given, but for who is told. */
export async function foldWork(equipment: FoldEquipment) {
  const { device, basis, data, settings, checkpoints } = equipment;
  const { model, training, seed, limit, leaked } = settings;
  const rows = limit ?? data.train.rows;
  return {
    ...{ device, basis, model, training, seed },
    splits: splitsOf(settings, data),
    data: await basis.place(limitRows(data.train, rows)),
    test: await basis.place(data.test),
    leakedRows: leaked ? firstRows(rows) : undefined,
    checkpointsOf: (fold: number) => checkpoints.open(foldName(fold)),
  };
}
