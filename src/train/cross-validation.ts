// Cross-validation: a fresh model for every fold, trained as `train` does, scored on the rows that the fold held out and,
// where asked, on a test set. Knows no files and prints nothing: finished folds are handed out, and may be handed back.

import { RandomState } from "../data/random-state.ts";
import { kFold, type Split, stratifiedKFold } from "../data/split.ts";
import type { Device } from "../engine/core/device.ts";
import { UsageError } from "../engine/core/errors.ts";
import type { Variables, Weights } from "../engine/layers/variables.ts";
import type { ModelConfig } from "../models/models.ts";
import type { Basis } from "./basis.ts";
import type { Logs } from "./callbacks/callback.ts";
import { allRows, type DataRows, type DeviceData } from "./device-data.ts";
import { DivergenceError } from "./divergence-error.ts";
import { fit } from "./fit.ts";
import type { FitEvents } from "./fit-events.ts";
import type { Score } from "./score.ts";
import { fitSettings, type TrainingSettings } from "./training.ts";
import type { CheckpointStore } from "./training-state.ts";

export type FoldResult = {
  /** From 0. */
  readonly fold: number;
  readonly seed: number;
  readonly trainRows: number;
  readonly epochs: number;
  /** From 1: the epoch whose weights were kept and scored. */
  readonly bestEpoch: number;
  /** On the rows that the fold held out; they also chose the epoch. */
  readonly heldOut: Score;
  /** On the test set, where one was given. */
  readonly test: Score | null;
  /** On `leakedRows`, most of which the fold was trained on: the study's figure, no measure of quality. */
  readonly leaked: Score | null;
  readonly history: readonly Logs[];
};

export interface FoldSplitOptions {
  readonly folds: number;
  readonly seed: number;
  /** One label a row; given, every fold has each class in equal share. */
  readonly stratify?: ArrayLike<number> | undefined;
}

/** What a fold is doing, for whoever shows it. */
export interface FoldEvents extends FitEvents {
  readonly onFoldBegin?: (fold: number, split: Split) => void;
  /** A fold is finished; what it returns is awaited before the next begins. */
  readonly onFold?: (result: FoldResult, model: TrainedFold) => void | Promise<void>;
}

export interface TrainedFold {
  readonly variables: Variables;
  readonly weights: Weights;
}

export interface CrossValidationOptions extends FoldEvents {
  readonly device: Device;
  readonly model: ModelConfig;
  readonly basis: Basis;
  /** As the basis placed it. Of which the splits name rows; lies on `device`, and stays there. */
  readonly data: DeviceData;
  readonly splits: readonly Split[];
  readonly training: TrainingSettings;
  readonly seed: number;
  readonly test?: DeviceData | undefined;
  readonly leakedRows?: Uint32Array<ArrayBuffer> | undefined;
  /** Where a fold's states are kept; a fold that an earlier run left goes on from there. Default nowhere. */
  readonly checkpointsOf?: ((fold: number) => Promise<CheckpointStore>) | undefined;
  /** Told of a fold that became NaN or infinite, which has no result then; default: it ends all, with a DivergenceError. */
  readonly onFoldDiverged?:
    | ((fold: number, error: DivergenceError) => void | Promise<void>)
    | undefined;
  /** The result of a fold that an earlier run finished; such a fold is not trained again. */
  readonly finished?: (fold: number) => FoldResult | undefined;
  /** Ends it within the step; the fold under way is lost, finished ones are returned. */
  readonly signal?: AbortSignal | undefined;
}

/** Splits of rows 0 to `rows` − 1, shuffled; those of scikit-learn's KFold, or StratifiedKFold with labels. */
export function foldSplits(rows: number, { folds, seed, stratify }: FoldSplitOptions): Split[] {
  if (folds > rows) {
    throw new UsageError(`folds: must be at most the ${rows} rows, got ${folds}`, {
      argument: "folds",
    });
  }
  return stratify ? stratifiedKFold(stratify, { folds, seed }) : kFold(rows, { folds, seed });
}

/** Of a fold's weights, shuffling and dropout: no fold shares another's, whatever the seed. */
export function foldSeed(seed: number, fold: number): number {
  return new RandomState([seed, fold]).u32();
}

/**
 * Trains and scores every fold in turn and returns their results in order; fewer when interrupted, and where folds diverged. Each fold depends on
 * the options and its number alone, so folds from an earlier run may be handed back through `finished`.
 * Throws DivergenceError when a fold becomes NaN or infinite and nobody asks to be told.
 */
export async function crossValidate(options: CrossValidationOptions): Promise<FoldResult[]> {
  const { splits, training } = options;
  checkBatchSize(splits, training.batchSize);
  const results: FoldResult[] = [];
  for (const fold of splits.keys()) {
    const result = options.finished?.(fold) ?? (await trainFold(options, fold));
    if (result === "interrupted") break;
    if (result !== "diverged") results.push(result);
  }
  return results;
}

/** Throws UsageError when a fold has too few rows for a batch; for callers that would know before they begin. */
export function checkBatchSize(splits: readonly Split[], batchSize: number): void {
  const fewest = Math.min(...splits.map((split) => split.train.length));
  if (batchSize <= fewest) return;
  throw new UsageError(
    `batchSize: must be at most the ${fewest} rows that a fold trains on, got ${batchSize}`,
    { argument: "batchSize" },
  );
}

/** One of them, by itself. Throws RangeError for a fold that there is not. */
export async function trainFold(
  options: CrossValidationOptions,
  fold: number,
): Promise<FoldResult | "interrupted" | "diverged"> {
  if (options.signal?.aborted) return "interrupted";
  const split = options.splits[fold];
  if (!split) throw new RangeError(`fold: must be below ${options.splits.length}, got ${fold}`);
  options.onFoldBegin?.(fold, split);
  const device = options.device.scope();
  try {
    const seed = foldSeed(options.seed, fold);
    const { data, test, leakedRows } = options;
    const heldOut = { data, rows: Uint32Array.from(split.test) };
    const checkpoints = await options.checkpointsOf?.(fold);
    const run = await fitFold(options, { device, seed, split, heldOut, checkpoints });
    if (run.ended === "interrupted") return "interrupted";
    const result = {
      fold,
      seed,
      trainRows: split.train.length,
      epochs: run.history.length,
      bestEpoch: run.kept?.epoch ?? 0,
      heldOut: await run.score(heldOut),
      test: test ? await run.score(allRows(test)) : null,
      leaked: leakedRows ? await run.score({ data, rows: leakedRows }) : null,
      history: run.history,
    };
    await options.onFold?.(result, run);
    return result;
  } catch (error) {
    if (!(error instanceof DivergenceError) || !options.onFoldDiverged) throw error;
    await options.onFoldDiverged(fold, error);
    return "diverged";
  } finally {
    device.destroy();
  }
}

interface Fold {
  readonly device: Device;
  readonly seed: number;
  readonly split: Split;
  readonly heldOut: DataRows;
  readonly checkpoints: CheckpointStore | undefined;
}

function fitFold(options: CrossValidationOptions, fold: Fold) {
  const { device, seed, split, heldOut, checkpoints } = fold;
  const { model, basis, data, training, signal } = options;
  const { onCompile, onCompiled, onEpochBegin, onProgress, onEpochEnd } = options;
  return fit(device, basis.modelOf(model), {
    ...fitSettings(training),
    ...{ onCompile, onCompiled, onEpochBegin, onProgress, onEpochEnd },
    train: { data, rows: Uint32Array.from(split.train) },
    validation: heldOut,
    initialWeights: basis.pretrained,
    ...{ seed, signal, checkpoints, resume: checkpoints?.latest ?? undefined },
  });
}

export type Spread = {
  readonly mean: number;
  /** Of a sample, with n − 1 below the sum; 0 for a single value. */
  readonly deviation: number;
};

/** Mean and sample standard deviation. */
export function spread(values: readonly number[]): Spread {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : 0 };
}
