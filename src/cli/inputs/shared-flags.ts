// Flags that several commands have in common, so that they are called, checked and explained alike; and the folder that
// --out stands for where it is not given. Those that say which model are in model-flags.ts.

import { join } from "node:path";
import { claimNewFolder } from "../../io/files.ts";

/** Where the rows come from, and what becomes of those that lack values. */
export const DATA_FLAGS = {
  data: {
    type: "string",
    value: "path",
    help: "IDX files of any size (EMNIST's pictures lie on their side, and are taken as they lie), Kaggle's CSVs, CIFAR's binary files, an .npz with x_train, y_train, x_test, y_test, or a folder with a folder of PNG, JPEG or WebP pictures for each class, in train/ and test/ if you like; Fashion-MNIST is found or fetched if not given",
  },
  shape: {
    type: "string",
    value: "RxC",
    help: "rows and columns that pictures are brought to, such as 64x64 or 32x32x1 for grey; default the most common size. Of a CSV, what its pixels are",
  },
  "label-column": {
    type: "string",
    value: "name",
    help: "of a CSV: the column of class numbers; all others are pixels",
  },
  "class-names": {
    type: "string",
    value: "names",
    help: "what classes 0, 1, 2 … are called, with commas between; default what the data says, else their numbers",
  },
  "drop-missing": {
    type: "boolean",
    help: "leave out rows of a CSV that lack values and pictures that are broken, which are refused otherwise",
  },
  "keep-duplicates": {
    type: "boolean",
    help: "keep rows that repeat an earlier one, as where a rare class was repeated on purpose; they are dropped otherwise",
  },
} as const;

/** Which adapter, and what may lie on it: see open-adapter.ts. */
export const ADAPTER_FLAG = {
  adapter: { type: "string", value: "name", help: "part of the name of the GPU adapter to use" },
  "device-memory": {
    type: "integer",
    value: "MB",
    min: 1,
    help: "what rows of data may take on the device, default 2048; of a larger data set each step's rows are brought from the host, to the same bits",
  },
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
