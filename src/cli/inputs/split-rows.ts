// The rows that a run trains on and those that it holds out, by the flags --limit, --validation, --seed and --batch-size.

import { firstRows, type Labels } from "../../data/dataset.ts";
import type { FashionMnist } from "../../data/fashion-mnist.ts";
import { type Split, trainTestSplit } from "../../data/split.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { type FoldSplitOptions, foldSplits } from "../../train/cross-validation.ts";

export interface Rows {
  readonly train: Uint32Array<ArrayBuffer>;
  readonly heldOut: Uint32Array<ArrayBuffer>;
}

export interface SplitFlags {
  readonly limit: number | undefined;
  /** Share held out; 0 holds out none. */
  readonly validation: number;
  readonly seed: number;
  readonly batchSize: number;
}

/** Throws UsageError, naming the flag, for what the data cannot give. */
export function splitRows(data: FashionMnist, flags: SplitFlags): Rows {
  const { limit, batchSize } = flags;
  const available = data.train.rows;
  if (limit !== undefined && limit > available) {
    throw new UsageError(`--limit: must be at most the ${available} training rows, got ${limit}`);
  }
  const rows = holdOut(data.train.labels.subarray(0, limit ?? available), flags);
  const { train } = rows;
  if (batchSize > train.length) {
    throw new UsageError(
      `--batch-size: must be at most the ${train.length} rows to train on, got ${batchSize}`,
    );
  }
  return rows;
}

/** The rows of such labels in two parts; throws UsageError, naming --validation, where they cannot be. */
export function holdOut(
  stratify: Labels,
  { validation, seed }: Pick<SplitFlags, "validation" | "seed">,
): Rows {
  const rows = stratify.length;
  if (validation === 0) return { train: firstRows(rows), heldOut: new Uint32Array() };
  try {
    const { train, test } = trainTestSplit({ rows, testSize: validation, seed, stratify });
    return { train: Uint32Array.from(train), heldOut: Uint32Array.from(test) };
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    const reason = cause.message.replace("trainTestSplit: ", "").replace(/^test/, "that part");
    throw new UsageError(
      `--validation: ${validation} of ${rows} rows cannot be held out, ${reason}`,
      {
        help: "use more rows (--limit) or another share; --validation 0 holds out none",
        cause,
      },
    );
  }
}

/** Throws UsageError, naming --folds, where there are too few rows, or too few of every class. */
export function foldsOf(rows: number, options: FoldSplitOptions): readonly Split[] {
  try {
    return foldSplits(rows, options);
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    const reason = cause.message.replace(/^\w+: /, "");
    throw new UsageError(`--folds: ${options.folds} of ${rows} rows cannot be made, ${reason}`, {
      help: "use more rows (--limit) or fewer folds",
      cause,
    });
  }
}
