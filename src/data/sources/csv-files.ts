// CSVs of pixels: Kaggle's two files of Fashion-MNIST and their like, and any other where --label-column and --shape say what is what.

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { readCsvRows, readKaggleCsv } from "../csv.ts";
import { numberedClasses } from "../dataset.ts";
import { FASHION_MNIST_CLASSES, saysFashion } from "../fashion-mnist-classes.ts";
import type { MissingRow } from "../missing-row.ts";
import type { Part } from "../official-files.ts";
import { assemble } from "./assemble.ts";
import {
  type DataPlace,
  type DataSource,
  type SourceRequest,
  titleOfPath,
  type UserData,
} from "./source.ts";

export const CSV_NAMES: Record<Part, string> = {
  train: "fashion-mnist_train.csv",
  test: "fashion-mnist_test.csv",
};
const ANY_CLASS = 256;

export const CSV: DataSource = {
  what: "Kaggle's two CSVs, or any with --label-column and --shape",

  recognise: ({ path, isFolder, names }) =>
    isFolder ? csvNames(names) !== null : /\.csv$/i.test(path),

  load(place, request) {
    const isOwn = request.labelColumn !== undefined || request.shape !== undefined;
    return isOwn ? readOwn(place, request) : readKaggle(filesOf(place), request);
  },
};

function filesOf({ path, isFolder, names }: DataPlace): Record<Part, string> {
  if (!isFolder) return withSibling(path);
  const { train, test } = csvNames(names) ?? CSV_NAMES;
  return { train: join(path, train), test: join(path, test) };
}

/** Kaggle's names, or `train.csv` and `test.csv`, `mnist_train.csv` and `mnist_test.csv`: one each, or it is not known which. */
function csvNames(names: readonly string[]): Record<Part, string> | null {
  const kaggle = Object.values(CSV_NAMES).filter((name) => names.includes(name));
  if (kaggle.length > 0) return kaggle.length === 2 ? CSV_NAMES : null;
  const tables = names.filter((name) => /\.csv$/i.test(name));
  const [train, ...moreTrain] = tables.filter((name) => /train/i.test(name));
  const [test, ...moreTest] = tables.filter((name) => /test/i.test(name) && !/train/i.test(name));
  const isClear = moreTrain.length + moreTest.length === 0;
  return train !== undefined && test !== undefined && isClear ? { train, test } : null;
}

/** The CSV and its sibling, told apart by `train` or `test` in the name. */
function withSibling(file: string): Record<Part, string> {
  const name = basename(file);
  const part = partOf(name);
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

function partOf(name: string): Part | undefined {
  return (["train", "test"] as const).find((word) => name.includes(word));
}

async function readKaggle(
  files: Record<Part, string>,
  { progress, classNames }: SourceRequest,
): Promise<UserData> {
  const missing: Record<Part, MissingRow[]> = { train: [], test: [] };
  const folder = dirname(files.train);
  const isFashion = saysFashion(files.train) || saysFashion(folder);
  const title = isFashion ? "fashion-mnist" : titleOfPath(folder);
  const names = isFashion ? FASHION_MNIST_CLASSES : numberedClasses(FASHION_MNIST_CLASSES.length);
  const read = (part: Part) =>
    readKaggleCsv(files[part], {
      name: `${title}/${part}`,
      classNames: classNames ?? names,
      onMissing: (row) => missing[part].push(row),
      progress: (fraction) => progress({ label: `reading ${basename(files[part])}`, fraction }),
    });
  const train = await read("train");
  const test = await read("test");
  return { train, test, source: `${files.train} and ${files.test}`, missing };
}

/** A layout of one's own; a single file without train or test in its name is split. */
async function readOwn(place: DataPlace, request: SourceRequest): Promise<UserData> {
  const isAlone = !place.isFolder && partOf(basename(place.path)) === undefined;
  const files = isAlone ? { train: place.path, test: null } : filesOf(place);
  const missing: Record<Part, MissingRow[]> = { train: [], test: [] };
  const read = async (file: string, part: Part) => {
    const { images, labels, pixels } = await readCsvRows(file, {
      classNames: request.classNames ?? { length: ANY_CLASS },
      layout: { labelColumn: request.labelColumn },
      onMissing: (row) => missing[part].push(row),
      progress: (fraction) => request.progress({ label: `reading ${basename(file)}`, fraction }),
    });
    return { where: file, images, labels, pixels };
  };
  const train = await read(files.train, "train");
  const shape = shapeFor(train.pixels, files.train, request);
  const test = files.test === null ? null : await read(files.test, "test");
  if (test !== null && test.pixels !== train.pixels) {
    throw new FormatError(
      `${test.where}: must have the ${train.pixels} pixels of ${files.train}, got ${test.pixels}`,
    );
  }
  const source = files.test === null ? files.train : `${files.train} and ${files.test}`;
  return {
    ...assemble(
      { path: place.path, title: titleOfPath(place.path), source, shape, train, test },
      request,
    ),
    missing,
  };
}

/** Where --shape does not say it, a square of one channel or three. */
function shapeFor(pixels: number, file: string, { shape }: SourceRequest) {
  if (shape) {
    const [height, width] = shape;
    const channels = shape[2] ?? pixels / (height * width);
    const isColour = channels === 1 || channels === 3;
    if (isColour && height * width * channels === pixels) return [height, width, channels] as const;
    throw new UsageError(
      `shape: must be of the ${pixels} pixels that a row of ${file} has, got ${shape.join("x")}`,
      { argument: "shape" },
    );
  }
  const channels = [1, 3].find((count) => Number.isInteger(Math.sqrt(pixels / count)));
  if (channels === undefined) {
    throw new UsageError(`shape: must be given, got ${pixels} pixels a row, which make no square`, {
      argument: "shape",
    });
  }
  const side = Math.sqrt(pixels / channels);
  return [side, side, channels] as const;
}
