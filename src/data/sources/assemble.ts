// Rows with labels, as a source has read them, as a data set: labels checked, classes named, a test set split off where there
// is none.

import { FormatError, UsageError } from "../../engine/core/errors.ts";
import {
  classCounts,
  type Dataset,
  type Labels,
  newLabels,
  numberedClasses,
  takeRows,
} from "../dataset.ts";
import { trainTestSplit } from "../split.ts";
import type { SourceOptions, UserData } from "./source.ts";

export interface LabelledRows {
  /** The file, for messages. */
  readonly where: string;
  /** rows × shape bytes. */
  readonly images: Uint8Array;
  readonly labels: ArrayLike<number>;
}

export interface Assembly {
  readonly path: string;
  /** What the data set is called. */
  readonly title: string;
  readonly source: string;
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly train: LabelledRows;
  /** Null: a fifth of the training rows becomes it. */
  readonly test: LabelledRows | null;
  /** Of the source; default the numbers themselves. */
  readonly classNames?: readonly string[] | undefined;
}

/** A matrix of what is taken for what has as many rows and columns; more are numbers that are no labels. */
const MOST_CLASSES = 4096;
const TEST_SHARE = 0.2;
/** So that the same rows are the test set every time. */
const SPLIT_SEED = 42;

/** Throws FormatError, naming the file, for labels that are not 0 to K − 1, each of them there. */
export function assemble(assembly: Assembly, { classNames: given }: SourceOptions): UserData {
  const { path, title, shape, train, test, source } = assembly;
  const parts = test === null ? [train] : [train, test];
  const classes = countClasses(parts, (given ?? assembly.classNames)?.length);
  const classNames = given ?? assembly.classNames ?? numberedClasses(classes);
  if (classNames.length !== classes) {
    throw new UsageError(
      `classNames: must name the ${classes} classes of the data, got ${classNames.length}`,
      { argument: "classNames" },
    );
  }
  if (classes > MOST_CLASSES) {
    throw new FormatError(`${path}: must have at most ${MOST_CLASSES} classes, got ${classes}`);
  }
  const dataset = (rows: LabelledRows, part: string): Dataset => ({
    name: `${title}/${part}`,
    images: rows.images,
    labels: labelsOf(rows.labels, classes),
    rows: rows.labels.length,
    ...{ height: shape[0], width: shape[1], channels: shape[2], classNames },
  });
  if (test === null) {
    const all = dataset(train, "train");
    checkSplit(all, path);
    return { ...splitOff(all, title), source: `${source}; a fifth of the rows held back as test` };
  }
  return { train: dataset(train, "train"), test: dataset(test, "test"), source };
}

function labelsOf(given: ArrayLike<number>, classes: number): Labels {
  const labels = newLabels(given.length, classes);
  labels.set(given);
  return labels;
}

/** Throws FormatError for a class that cannot be in both parts. */
function checkSplit(all: Dataset, path: string): void {
  const counts = classCounts(all);
  const label = counts.indexOf(1);
  if (label < 0) return;
  throw new FormatError(
    `${path}: every class must have 2 rows or more where a test set is split off, got 1 of ${all.classNames[label]}`,
  );
}

function splitOff(all: Dataset, title: string) {
  const { rows, labels, classNames } = all;
  const testSize = Math.max(Math.ceil(TEST_SHARE * rows), classNames.length);
  const split = trainTestSplit({
    ...{ rows, testSize, seed: SPLIT_SEED },
    stratify: labels,
  });
  return {
    train: takeRows(all, split.train.slice().sort()),
    test: { ...takeRows(all, split.test.slice().sort()), name: `${title}/test` },
  };
}

/** `named`: how many names there are, where that is known. */
function countClasses(parts: readonly LabelledRows[], named: number | undefined): number {
  const seen = new Set<number>();
  for (const { where, labels } of parts) {
    if (labels.length === 0) throw new FormatError(`${where}: must hold a row or more, got none`);
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row] ?? -1;
      if (!Number.isInteger(label) || label < 0 || label >= (named ?? MOST_CLASSES)) {
        throw wrongLabel(where, { label, row, classes: named });
      }
      seen.add(label);
    }
  }
  const classes = named ?? Math.max(...seen) + 1;
  const gap = Array.from({ length: classes }, (_, k) => k).find((k) => !seen.has(k));
  if (gap === undefined || named !== undefined) return classes;
  const [first] = parts;
  throw new FormatError(
    `${first?.where}: labels must be 0 to ${classes - 1}, each of them there, got none of ${gap}`,
    { help: "number the classes from 0 without gaps, or name them (--class-names)" },
  );
}

function wrongLabel(
  where: string,
  { label, row, classes }: { label: number; row: number; classes: number | undefined },
): FormatError {
  const rule =
    classes === undefined
      ? `labels must be whole numbers from 0 to ${MOST_CLASSES - 1}`
      : `labels must be 0 to ${classes - 1}`;
  return new FormatError(`${where}: ${rule}, got ${label} in row ${row} (rows from 0)`);
}
