// What is odd about rows before they are trained on or scored, as sentences: classes that are missing, pictures that are in both
// sets, pictures under two labels. None of it is an error; all of it would make figures mean something else.

import { UsageError } from "../engine/core/errors.ts";
import { type Dataset, imageSize, sharedRows } from "./dataset.ts";

export interface RowsInUse {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Of `train`, those that are trained on. */
  readonly rows: ArrayLike<number>;
}

/** Empty where nothing is odd. Throws UsageError, naming `limit`, where there is but one class to learn. */
export function rowFacts({ train, test, rows }: RowsInUse): string[] {
  const counts = countsOf(train, rows);
  const present = counts.filter((count) => count > 0).length;
  if (present === 1 && train.classNames.length > 1) {
    const only = train.classNames[counts.findIndex((count) => count > 0)] ?? "";
    throw new UsageError(
      `limit: the rows to train on must be of two classes at least, got ${rows.length} of ${only} alone`,
      { argument: "limit", help: `${sortedNote(train)}use more rows`, remedies: ["limit"] },
    );
  }
  const facts: string[] = [];
  const ofTest = countsOf(test, { length: test.rows });
  const absent = namesWhere(train, (label) => counts[label] === 0);
  const unscored = namesWhere(test, (label) => ofTest[label] === 0);
  if (absent.length > 0) {
    facts.push(
      `no row to train on is of ${absent.join(", ")}; ${sortedNote(train)}such rows are scored as errors`,
    );
  }
  if (unscored.length > 0) facts.push(`no test row is of ${unscored.join(", ")}`);
  const shared = sharedRows(test, train).length;
  if (shared > 0) {
    facts.push(
      `${rowsOf(shared)} of test ${are(shared)} also in train, and ${are(shared)} scored all the same`,
    );
  }
  const contrary = twoLabelled(train);
  if (contrary > 0) {
    facts.push(
      `${rowsOf(contrary)} of train show a picture that another row has under another label`,
    );
  }
  return facts;
}

/** A sentence for each class that has fewer rows than there are folds. */
export function foldFacts(
  dataset: Dataset,
  { folds, rows }: { folds: number; rows: number },
): string[] {
  const counts = countsOf(dataset, { length: rows });
  return dataset.classNames.flatMap((name, label) => {
    const count = counts[label] ?? 0;
    if (count >= folds) return [];
    return [
      `${name} has ${rowsOf(count)}, fewer than the ${folds} folds: some hold none of it out`,
    ];
  });
}

/** Rows whose pixels equal an earlier row's, under another label. */
export function twoLabelled(dataset: Dataset): number {
  const { images, labels, rows } = dataset;
  const size = imageSize(dataset);
  const seen = new Map<string, number>();
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const pixels = images.subarray(row * size, (row + 1) * size);
    const key = Buffer.from(pixels.buffer, pixels.byteOffset, size).toString("latin1");
    const label = labels[row] ?? 0;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, label);
    else if (first !== label) count++;
  }
  return count;
}

/** Rows of each class; `rows` without numbers: the first so many. */
function countsOf({ labels, classNames }: Dataset, rows: ArrayLike<number>): number[] {
  const counts = new Array<number>(classNames.length).fill(0);
  for (let i = 0; i < rows.length; i++) {
    const label = labels[rows[i] ?? i] ?? 0;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}

function namesWhere({ classNames }: Dataset, is: (label: number) => boolean): string[] {
  return classNames.filter((_, label) => is(label));
}

/** Exports are often sorted, and then the first rows are of the first classes. */
function sortedNote({ labels }: Dataset): string {
  const isSorted = labels.every((label, row) => row === 0 || label >= (labels[row - 1] ?? 0));
  return isSorted ? "the rows are sorted by class, so the first ones are of few; " : "";
}

function rowsOf(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}

function are(count: number): string {
  return count === 1 ? "is" : "are";
}
