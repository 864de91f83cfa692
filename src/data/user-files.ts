// Fashion-MNIST as a person has it: a folder with the IDX files or Kaggle's two CSVs, or one such
// file beside its sibling. Found by name; read without checksums, because any release, or a part of
// one, is welcome.

import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FormatError, UsageError } from "../engine/core/errors.ts";
import { readKaggleCsv } from "./csv.ts";
import { readIdxDataset } from "./idx.ts";
import type { MissingRow } from "./missing-row.ts";
import { FASHION_MNIST_CLASSES, type Part, type TrainAndTest } from "./official-files.ts";

export interface Progress {
  readonly label: string;
  /** From 0 to 1. */
  readonly fraction: number;
}

export interface UserData extends TrainAndTest {
  /** What was read. */
  readonly source: string;
  /** Rows that lack values, and were left out. */
  readonly missing?: Readonly<Record<Part, readonly MissingRow[]>>;
}

interface IdxFiles {
  readonly images: string;
  readonly labels: string;
}

const SIDE = 28;
const CSV_NAMES: Record<Part, string> = {
  train: "fashion-mnist_train.csv",
  test: "fashion-mnist_test.csv",
};
// Some mirrors write a dot before idx.
const IDX_PATTERNS = {
  "train-images-idx3-ubyte": /^train-images[-.]idx3-ubyte(\.gz)?$/,
  "train-labels-idx1-ubyte": /^train-labels[-.]idx1-ubyte(\.gz)?$/,
  "t10k-images-idx3-ubyte": /^t10k-images[-.]idx3-ubyte(\.gz)?$/,
  "t10k-labels-idx1-ubyte": /^t10k-labels[-.]idx1-ubyte(\.gz)?$/,
} as const;
const WANTED = "the four IDX files of Fashion-MNIST (plain or .gz), or Kaggle's two CSVs";

/** Reads what lies at `data`; the IDX files win where both kinds do. */
export async function readUserFiles(
  data: string,
  progress: (step: Progress) => void,
): Promise<UserData> {
  const entry = await stat(data).catch((cause) => {
    const help = `give a folder with ${WANTED}`;
    const rule = "data: must be a file or a folder";
    throw new UsageError(`${rule}, got ${data}`, { argument: "data", help, cause });
  });
  if (entry.isDirectory()) return readFolder(data, progress);
  if (/\.csv$/i.test(data)) return readCsvPair(withSibling(data), progress);
  const isIdx = Object.values(IDX_PATTERNS).some((pattern) => pattern.test(basename(data)));
  if (isIdx) return readFolder(dirname(data), progress);
  throw new FormatError(`${data}: must be one of ${WANTED}, got another name`);
}

async function readFolder(folder: string, progress: (step: Progress) => void) {
  const names = await readdir(folder);
  const idx = new Map<string, string>();
  for (const [name, pattern] of Object.entries(IDX_PATTERNS)) {
    const found = await findIdx(folder, pattern);
    if (found !== undefined) idx.set(name, found);
  }
  if (idx.size === 4) return readIdxFiles(folder, idx);
  const short = shortCsvNames(names);
  const csv = Object.values(CSV_NAMES).filter((name) => names.includes(name));
  if (csv.length === 2) {
    const [train, test] = [join(folder, CSV_NAMES.train), join(folder, CSV_NAMES.test)];
    return readCsvPair({ train, test }, progress);
  }
  if (csv.length === 0 && short) {
    const { train, test } = short;
    return readCsvPair({ train: join(folder, train), test: join(folder, test) }, progress);
  }
  throw incomplete(folder, [...idx.keys()], csv);
}

/** A file of that name, also in a folder of that name, as Kaggle's archives unpack. */
async function findIdx(folder: string, pattern: RegExp): Promise<string | undefined> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) =>
    pattern.test(name),
  );
  const file = entries.find((entry) => !entry.isDirectory());
  if (file) return join(folder, file.name);
  for (const { name } of entries) {
    const within = (await readdir(join(folder, name))).find((other) => pattern.test(other));
    if (within !== undefined) return join(folder, name, within);
  }
  return undefined;
}

/** `train.csv` and `test.csv`, `mnist_train.csv` and `mnist_test.csv`: one each, or it is not known which. */
function shortCsvNames(names: readonly string[]): Record<Part, string> | null {
  const tables = names.filter((name) => /\.csv$/i.test(name));
  const [train, ...moreTrain] = tables.filter((name) => /train/i.test(name));
  const [test, ...moreTest] = tables.filter((name) => /test/i.test(name) && !/train/i.test(name));
  const isClear = moreTrain.length + moreTest.length === 0;
  return train !== undefined && test !== undefined && isClear ? { train, test } : null;
}

function incomplete(folder: string, idx: readonly string[], csv: readonly string[]): FormatError {
  const wanted = idx.length > 0 ? Object.keys(IDX_PATTERNS) : Object.values(CSV_NAMES);
  const got = idx.length > 0 ? idx : csv;
  if (got.length === 0) {
    return new FormatError(`${folder}: must hold ${WANTED}, got none of them`);
  }
  const missing = wanted.filter((name) => !got.includes(name));
  return new FormatError(`${folder}: lacks ${missing.join(", ")}, got only ${got.join(", ")}`);
}

async function readIdxFiles(folder: string, found: ReadonlyMap<string, string>) {
  const pair = (stem: string): IdxFiles => ({
    images: found.get(`${stem}-images-idx3-ubyte`) ?? "",
    labels: found.get(`${stem}-labels-idx1-ubyte`) ?? "",
  });
  const read = async (part: Part, files: IdxFiles) => {
    const pair = { ...files, name: `fashion-mnist/${part}`, classNames: FASHION_MNIST_CLASSES };
    const dataset = await readIdxDataset(pair);
    const { height, width } = dataset;
    if (height === SIDE && width === SIDE) return dataset;
    throw new FormatError(
      `${files.images}: images must be of ${SIDE}×${SIDE} pixels, got ${height}×${width}`,
    );
  };
  const train = await read("train", pair("train"));
  return { train, test: await read("test", pair("t10k")), source: `IDX files in ${folder}` };
}

/** The CSV and its sibling, told apart by `train` or `test` in the name. */
function withSibling(file: string): Record<Part, string> {
  const name = basename(file);
  const part = ["train", "test"].find((word) => name.includes(word)) as Part | undefined;
  if (part === undefined) {
    const help = `name the files as Kaggle does, ${CSV_NAMES.train} and ${CSV_NAMES.test}`;
    throw new UsageError(`data: a CSV must have train or test in its name, got ${name}`, {
      argument: "data",
      help,
    });
  }
  const other = part === "train" ? "test" : "train";
  const at = name.lastIndexOf(part);
  const sibling = join(dirname(file), name.slice(0, at) + other + name.slice(at + part.length));
  if (!existsSync(sibling)) {
    throw new FormatError(`${file}: its sibling must lie beside it, got no ${sibling}`);
  }
  return part === "train" ? { train: file, test: sibling } : { train: sibling, test: file };
}

async function readCsvPair(files: Record<Part, string>, progress: (step: Progress) => void) {
  const missing: Record<Part, MissingRow[]> = { train: [], test: [] };
  const read = (part: Part) =>
    readKaggleCsv(files[part], {
      name: `fashion-mnist/${part}`,
      classNames: FASHION_MNIST_CLASSES,
      onMissing: (row) => missing[part].push(row),
      progress: (fraction) => progress({ label: `reading ${basename(files[part])}`, fraction }),
    });
  const train = await read("train");
  const test = await read("test");
  return { train, test, source: `${files.train} and ${files.test}`, missing };
}
