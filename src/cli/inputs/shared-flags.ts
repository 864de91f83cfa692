// Flags that several commands have in common, so that they are called, checked and explained alike; and the folder that
// --out stands for where it is not given. Those that say which model are in model-flags.ts.

import { join } from "node:path";
import { claimNewFolder } from "../../io/files.ts";

/** Where the rows come from, and what becomes of those that lack values. */
export const DATA_FLAGS = {
  data: {
    type: "string",
    value: "path",
    help: "folder of the IDX files or of Kaggle's CSVs, or one of the files; found or fetched if not given",
  },
  "drop-missing": {
    type: "boolean",
    help: "leave out rows of a CSV that lack values, which are refused otherwise",
  },
  "keep-duplicates": {
    type: "boolean",
    help: "keep rows that repeat an earlier one, as where a rare class was repeated on purpose; they are dropped otherwise",
  },
} as const;

export const ADAPTER_FLAG = {
  adapter: { type: "string", value: "name", help: "part of the name of the GPU adapter to use" },
} as const;

export const SEED_FLAG = {
  seed: {
    type: "integer",
    default: 42,
    min: 0,
    max: 2 ** 32 - 1,
    help: "of weights, shuffling and split",
  },
} as const;

/**
 * A new folder `runs/2026-08-01-14-03-22-lenet5`, in local time: sorts by time, and is a folder name everywhere. Of commands
 * that start in the same second, the later ones get `…-lenet5-2` and so on.
 */
export async function defaultOut(what: string, date = new Date()): Promise<string> {
  const local = new Date(date.getTime() - 60_000 * date.getTimezoneOffset());
  const time = local.toISOString().slice(0, 19).replaceAll(/[T:]/g, "-");
  const path = join("runs", `${time}-${what}`);
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? path : `${path}-${number}`;
    if (await claimNewFolder(candidate)) return candidate;
  }
}
