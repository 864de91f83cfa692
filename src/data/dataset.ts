// A labelled image set in memory, as bytes: rows picked, duplicates found, classes counted.
// Not the training batches: scaling, padding and gathering happen on the device.
import { UsageError } from "../engine/core/errors.ts";

/** Bytes where there are no more classes than those can tell apart, else words. */
export type Labels = Uint8Array | Uint32Array;

/** The most classes whose labels are bytes. */
const MOST_IN_BYTES = 256;

export function newLabels(rows: number, classes: number): Labels {
  return classes > MOST_IN_BYTES ? new Uint32Array(rows) : new Uint8Array(rows);
}

/** Images as bytes with their labels, in memory: all of one size, grey or RGB. */
export interface Dataset {
  /** For messages and records, such as `fashion-mnist/train`. */
  readonly name: string;
  /** rows × height × width × channels bytes, row-major NHWC. */
  readonly images: Uint8Array;
  /** One class number per row. */
  readonly labels: Labels;
  readonly rows: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classNames: readonly string[];
}

/** The given rows in the given order, copied; a row may come twice. */
export function takeRows(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const size = imageSize(dataset);
  const images = new Uint8Array(indices.length * size);
  const labels = newLabels(indices.length, dataset.classNames.length);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i] ?? -1;
    if (!Number.isInteger(row) || row < 0 || row >= dataset.rows) {
      throw new UsageError(
        `takeRows: ${dataset.name} has rows 0 to ${dataset.rows - 1}, got ${row}`,
      );
    }
    images.set(dataset.images.subarray(row * size, (row + 1) * size), i * size);
    labels[i] = dataset.labels[row] ?? 0;
  }
  return { ...dataset, images, labels, rows: indices.length };
}

/** The first rows, at most so many; the whole set without a limit. */
export function limitRows(dataset: Dataset, limit = dataset.rows): Dataset {
  return limit < dataset.rows ? takeRows(dataset, firstRows(limit)) : dataset;
}

/** Row numbers 0 to count − 1, or so many from `first` on, as the device takes them. */
export function firstRows(count: number, first = 0): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count }, (_, row) => first + row);
}

export interface Duplicates {
  /** Rows to keep, ascending. */
  readonly kept: Uint32Array;
  /** Each dropped row, ascending, with the first row that it equals. */
  readonly dropped: readonly { readonly row: number; readonly first: number }[];
}

/** As pandas' `drop_duplicates()`: rows equal in label and every pixel, the first one kept. */
export function dropDuplicates(dataset: Dataset): Duplicates {
  const firsts = new Map<number, number[]>();
  const kept: number[] = [];
  const dropped: { row: number; first: number }[] = [];
  for (let row = 0; row < dataset.rows; row++) {
    const hash = hashRow(dataset, row);
    const candidates = firsts.get(hash) ?? [];
    const first = candidates.find((candidate) => equalRows([dataset, candidate], [dataset, row]));
    if (first !== undefined) {
      dropped.push({ row, first });
      continue;
    }
    kept.push(row);
    candidates.push(row);
    firsts.set(hash, candidates);
  }
  return { kept: Uint32Array.from(kept), dropped };
}

/** Rows of `dataset` that equal a row of `other` in label and every pixel, ascending, with the first such row. */
export function sharedRows(
  dataset: Dataset,
  other: Dataset,
): readonly { readonly row: number; readonly other: number }[] {
  const byHash = new Map<number, number[]>();
  for (let row = 0; row < dataset.rows; row++) {
    const hash = hashRow(dataset, row);
    byHash.set(hash, [...(byHash.get(hash) ?? []), row]);
  }
  const found = new Map<number, number>();
  for (let candidate = 0; candidate < other.rows; candidate++) {
    for (const row of byHash.get(hashRow(other, candidate)) ?? []) {
      if (!found.has(row) && equalRows([dataset, row], [other, candidate]))
        found.set(row, candidate);
    }
  }
  return [...found].map(([row, at]) => ({ row, other: at })).sort((a, b) => a.row - b.row);
}

/** What classes are called that nobody has named: 0, 1, 2 … */
export function numberedClasses(count: number): string[] {
  return Array.from({ length: count }, (_, label) => String(label));
}

/** Rows of each class, by class number. */
export function classCounts(dataset: Dataset): number[] {
  const counts = new Array<number>(dataset.classNames.length).fill(0);
  for (const label of dataset.labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** Bytes of one image. */
export function imageSize(dataset: Dataset): number {
  return dataset.height * dataset.width * dataset.channels;
}

// FNV-1a. Only a filter: rows of equal hash are compared byte by byte.
function hashRow(dataset: Dataset, row: number): number {
  const { images } = dataset;
  const size = imageSize(dataset);
  let hash = 0x811c9dc5 ^ (dataset.labels[row] ?? 0);
  for (let i = row * size; i < (row + 1) * size; i++) {
    hash = Math.imul(hash ^ (images[i] ?? 0), 0x01000193);
  }
  return hash;
}

type RowOf = readonly [dataset: Dataset, row: number];

function equalRows([a, rowA]: RowOf, [b, rowB]: RowOf): boolean {
  const size = imageSize(a);
  if (a.labels[rowA] !== b.labels[rowB] || size !== imageSize(b)) return false;
  for (let i = 0; i < size; i++) {
    if (a.images[rowA * size + i] !== b.images[rowB * size + i]) return false;
  }
  return true;
}
