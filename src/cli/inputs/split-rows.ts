// The rows that a run trains on and those that it holds out, by the flags --limit, --validation, --seed and --batch-size.

import { firstRows } from "../../data/dataset.ts";
import type { FashionMnist } from "../../data/fashion-mnist.ts";
import { type Split, trainTestSplit } from "../../data/split.ts";
import { UsageError } from "../../engine/core/errors.ts";

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
  const { train, test } = split(data.train.labels.subarray(0, limit ?? available), flags);
  if (batchSize > train.length) {
    throw new UsageError(
      `--batch-size: must be at most the ${train.length} rows to train on, got ${batchSize}`,
    );
  }
  return { train: Uint32Array.from(train), heldOut: Uint32Array.from(test) };
}

function split(stratify: Uint8Array, { validation, seed }: SplitFlags): Split {
  const rows = stratify.length;
  if (validation === 0) return { train: firstRows(rows), test: new Uint32Array() };
  try {
    return trainTestSplit({ rows, testSize: validation, seed, stratify });
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
