// Splits of row numbers, equal to scikit-learn's for the same seed: train_test_split, KFold and
// StratifiedKFold. They know rows and labels only; the images stay where they are.
import { UsageError } from "../engine/core/errors.ts";
import { RandomState } from "./random-state.ts";

/** Numbers of the rows of two parts of a data set; no row is in both. */
export interface Split {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

export interface TrainTestSplitOptions {
  /** Number of rows to split. */
  readonly rows: number;
  /** A share in (0, 1), rounded up to whole rows; or, from 1 on, a number of rows. */
  readonly testSize: number;
  readonly seed: number;
  /** One label per row; given, each class keeps its share in both parts. */
  readonly stratify?: ArrayLike<number> | undefined;
}

/**
 * `train_test_split(range(rows), test_size, random_state, stratify)`, in its order: permuted, not
 * sorted.
 */
export function trainTestSplit(options: TrainTestSplitOptions): Split {
  const testRows = countTestRows(options.rows, options.testSize);
  const random = new RandomState(options.seed);
  if (options.stratify !== undefined) {
    checkLabels("trainTestSplit", options.stratify, options.rows);
    return stratifiedSplit(options.stratify, testRows, random);
  }
  const order = random.permutation(options.rows);
  return { train: order.slice(testRows), test: order.slice(0, testRows) };
}

function countTestRows(rows: number, testSize: number): number {
  const asRows = Number.isInteger(testSize);
  if (!(testSize > 0) || (asRows ? testSize >= rows : testSize >= 1)) {
    throw new UsageError(
      `trainTestSplit: testSize must be a share below 1, or fewer than the ${rows} rows, got ${testSize}`,
    );
  }
  const testRows = asRows ? testSize : Math.ceil(testSize * rows);
  if (testRows >= rows) {
    throw new UsageError(
      `trainTestSplit: no rows would be left to train on, got ${rows} rows and testSize ${testSize}`,
    );
  }
  return testRows;
}

function stratifiedSplit(labels: ArrayLike<number>, testRows: number, random: RandomState): Split {
  const trainRows = labels.length - testRows;
  const { classes, members } = groupByClass(labels);
  const counts = members.map((rows) => rows.length);
  checkStrata(classes, counts, { train: trainRows, test: testRows });
  const trainCounts = approximateMode(counts, trainRows, random);
  const left = counts.map((count, k) => count - (trainCounts[k] ?? 0));
  const testCounts = approximateMode(left, testRows, random);
  const train: number[] = [];
  const test: number[] = [];
  for (const [k, rows] of members.entries()) {
    const shuffled = random.permutation(rows);
    const cut = trainCounts[k] ?? 0;
    for (const row of shuffled.subarray(0, cut)) train.push(row);
    for (const row of shuffled.subarray(cut, cut + (testCounts[k] ?? 0))) test.push(row);
  }
  return { train: random.permutation(train), test: random.permutation(test) };
}

function checkStrata(
  classes: readonly number[],
  counts: readonly number[],
  parts: { train: number; test: number },
): void {
  const fewest = Math.min(...counts);
  if (fewest < 2) {
    const lonely = classes[counts.indexOf(fewest)];
    throw new UsageError(
      `trainTestSplit: every class needs 2 rows or more to be stratified, got 1 of class ${lonely}`,
    );
  }
  for (const [part, rows] of Object.entries(parts)) {
    if (rows < classes.length) {
      throw new UsageError(
        `trainTestSplit: ${part} needs a row for each of the ${classes.length} classes, got ${rows} rows`,
      );
    }
  }
}

/**
 * How many of `draws` rows each class gets: its exact share rounded down, and the rest to the
 * largest remainders, equal remainders at random. Source: scikit-learn 1.2 `_approximate_mode`; it
 * divides first, and compares remainders exactly.
 */
export function approximateMode(
  counts: readonly number[],
  draws: number,
  random: RandomState,
): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = counts.map((count) => (count / total) * draws);
  const given = shares.map(Math.floor);
  let needed = draws - given.reduce((sum, count) => sum + count, 0);
  const remainders = shares.map((share, k) => share - (given[k] ?? 0));
  const distinct = [...new Set(remainders)].sort((a, b) => b - a);
  for (const value of distinct) {
    if (needed <= 0) break;
    const equal = [...remainders.keys()].filter((k) => remainders[k] === value);
    const add = Math.min(equal.length, needed);
    for (const k of random.choice(equal, add)) given[k] = (given[k] ?? 0) + 1;
    needed -= add;
  }
  return given;
}

export interface FoldOptions {
  readonly folds: number;
  /**
   * Default true. Unshuffled folds are consecutive rows (kFold) or filled in the data's order
   * (stratifiedKFold).
   */
  readonly shuffle?: boolean;
  /** Needed when shuffled. */
  readonly seed?: number;
}

/**
 * `KFold(folds, shuffle, random_state).split(range(rows))`: both parts ascending; the first rows %
 * folds get one more.
 */
export function kFold(rows: number, options: FoldOptions): Split[] {
  checkFolds("kFold", options.folds, rows);
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  foldRandom("kFold", options)?.shuffle(order);
  const foldOf = new Uint32Array(rows);
  const size = Math.floor(rows / options.folds);
  let start = 0;
  for (let fold = 0; fold < options.folds; fold++) {
    const end = start + size + (fold < rows % options.folds ? 1 : 0);
    for (const row of order.subarray(start, end)) foldOf[row] = fold;
    start = end;
  }
  return splitsOf(foldOf, options.folds);
}

/**
 * `StratifiedKFold(folds, shuffle, random_state).split(rows, labels)`: each class spread evenly
 * over the folds. A class with fewer rows than folds is allowed (scikit-learn warns), as long as
 * one class has enough.
 */
export function stratifiedKFold(labels: ArrayLike<number>, options: FoldOptions): Split[] {
  const { folds } = options;
  checkFolds("stratifiedKFold", folds, labels.length);
  const codes = codesByAppearance(labels);
  const classCount = codes.reduce((most, code) => Math.max(most, code + 1), 0);
  // Column k of fold i: members of class k among every folds-th of the sorted codes, starting at i.
  const allocation = Array.from({ length: folds }, () => new Array<number>(classCount).fill(0));
  for (const [position, code] of codes.slice().sort().entries()) {
    const column = allocation[position % folds];
    if (column !== undefined) column[code] = (column[code] ?? 0) + 1;
  }
  checkMembers(codes, classCount, folds);
  const random = foldRandom("stratifiedKFold", options);
  const foldOf = new Uint32Array(labels.length);
  for (let code = 0; code < classCount; code++) {
    const assigned = allocation.flatMap((counts, fold) => new Array(counts[code] ?? 0).fill(fold));
    random?.shuffle(assigned);
    let next = 0;
    for (const [row, rowCode] of codes.entries()) {
      if (rowCode === code) foldOf[row] = assigned[next++] ?? 0;
    }
  }
  return splitsOf(foldOf, folds);
}

function checkMembers(codes: Uint32Array, classCount: number, folds: number): void {
  const counts = new Array<number>(classCount).fill(0);
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  const most = Math.max(...counts);
  if (folds > most) {
    throw new UsageError(
      `stratifiedKFold: some class must have a row for each of the ${folds} folds, got at most ${most}`,
    );
  }
}

function checkFolds(where: string, folds: number, rows: number): void {
  if (!Number.isInteger(folds) || folds < 2) {
    throw new UsageError(`${where}: folds must be a whole number of 2 or more, got ${folds}`);
  }
  if (folds > rows) {
    throw new UsageError(
      `${where}: there must be a row for every fold, got ${folds} folds and ${rows} rows`,
    );
  }
}

function foldRandom(where: string, { shuffle = true, seed }: FoldOptions): RandomState | undefined {
  if (!shuffle) return undefined;
  if (seed === undefined) throw new UsageError(`${where}: shuffled folds need a seed, got none`);
  return new RandomState(seed);
}

function splitsOf(foldOf: Uint32Array, folds: number): Split[] {
  const rows = Uint32Array.from(foldOf.keys());
  return Array.from({ length: folds }, (_, fold) => ({
    train: rows.filter((row) => foldOf[row] !== fold),
    test: rows.filter((row) => foldOf[row] === fold),
  }));
}

function groupByClass(labels: ArrayLike<number>): { classes: number[]; members: number[][] } {
  const byClass = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] ?? 0;
    const rows = byClass.get(label);
    if (rows === undefined) byClass.set(label, [row]);
    else rows.push(row);
  }
  const classes = [...byClass.keys()].sort((a, b) => a - b);
  return { classes, members: classes.map((label) => byClass.get(label) ?? []) };
}

function codesByAppearance(labels: ArrayLike<number>): Uint32Array {
  const codes = new Map<number, number>();
  return Uint32Array.from(labels, (label) => {
    const code = codes.get(label) ?? codes.size;
    codes.set(label, code);
    return code;
  });
}

function checkLabels(where: string, labels: ArrayLike<number>, rows: number): void {
  if (labels.length !== rows) {
    throw new UsageError(
      `${where}: stratify needs one label per row, got ${labels.length} labels and ${rows} rows`,
    );
  }
}
