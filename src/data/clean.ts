// What is done to rows before anything is trained or scored on them: those that lack values are refused or dropped, and
// duplicates are dropped as the study does. One road for every command, so that all speak of the same rows.

import { FormatError } from "../engine/core/errors.ts";
import { type Dataset, type Duplicates, dropDuplicates, takeRows } from "./dataset.ts";
import type { FashionMnist } from "./fashion-mnist.ts";
import { type MissingRow, missingRule } from "./missing-row.ts";
import type { Part } from "./official-files.ts";
import type { BrokenPicture } from "./sources/source.ts";

export interface Cleaning {
  /** Rows that lacked values. */
  readonly missing: readonly MissingRow[];
  /** Rows that equalled an earlier one; numbers are those before they were dropped. */
  readonly duplicates: Duplicates["dropped"];
}

/** What cleaning leaves of training and test rows, with what was found in them. */
export interface CleanData extends FashionMnist {
  readonly cleaning: Readonly<Record<Part, Cleaning>>;
  /** Whether rows that equal an earlier one were kept. */
  readonly keepsDuplicates: boolean;
}

export interface CleanOptions {
  /** Leaves rows out that lack values, and pictures that are broken; default false, which refuses the data. */
  readonly dropMissing?: boolean;
  /** Keeps rows that equal an earlier one, as where a rare class was repeated on purpose; default false. */
  readonly keepDuplicates?: boolean;
}

/**
 * Drops duplicates within train and within test, keeping the first; rows that are in both stay.
 * @throws FormatError naming file and line for a row that lacks values, unless they are to be
 * dropped.
 */
export function cleanData(data: FashionMnist, options: CleanOptions = {}): CleanData {
  const missing = data.missing ?? { train: [], test: [] };
  const [first, ...more] = [...missing.train, ...missing.test];
  if (first && options.dropMissing !== true) throw refuse(first, more.length);
  const [broken, ...others] = data.broken ?? [];
  if (broken && options.dropMissing !== true) throw refusePicture(broken, others.length);
  const keepsDuplicates = options.keepDuplicates === true;
  const clean = keepsDuplicates ? withDuplicates : withoutDuplicates;
  const [train, test] = [clean(data.train), clean(data.test)];
  return {
    ...data,
    keepsDuplicates,
    train: train.dataset,
    test: test.dataset,
    cleaning: {
      train: { missing: missing.train, duplicates: train.duplicates },
      test: { missing: missing.test, duplicates: test.duplicates },
    },
  };
}

function refuse(row: MissingRow, more: number): FormatError {
  const others = more === 0 ? "" : `, and so in ${more} more ${more === 1 ? "row" : "rows"}`;
  return new FormatError(`${row.file}:${row.line}: ${missingRule(row)}${others}`, {
    help: "such rows can be left out",
    remedies: ["dropMissing"],
  });
}

function refusePicture({ problem }: BrokenPicture, more: number): FormatError {
  const others = more === 0 ? "" : `, and so ${more} more ${more === 1 ? "picture" : "pictures"}`;
  return new FormatError(`${problem}${others}`, {
    help: "such pictures can be left out",
    remedies: ["dropMissing"],
  });
}

function withDuplicates(dataset: Dataset): ReturnType<typeof withoutDuplicates> {
  return { dataset, duplicates: [] };
}

function withoutDuplicates(dataset: Dataset): {
  dataset: Dataset;
  duplicates: Duplicates["dropped"];
} {
  const { kept, dropped } = dropDuplicates(dataset);
  return { dataset: dropped.length === 0 ? dataset : takeRows(dataset, kept), duplicates: dropped };
}

/** `duplicate rows: 43 of train, 1 of test`; empty where nothing was dropped. */
export function describeDropped({ train, test }: CleanData["cleaning"]): string {
  const phrases = [
    ["duplicate", train.duplicates.length, test.duplicates.length] as const,
    ["incomplete", train.missing.length, test.missing.length] as const,
  ];
  return phrases
    .filter(([, ofTrain, ofTest]) => ofTrain + ofTest > 0)
    .map(([kind, a, b]) => {
      const counts = [a > 0 ? `${a} of train` : "", b > 0 ? `${b} of test` : ""];
      return `${kind} rows: ${counts.filter(Boolean).join(", ")}`;
    })
    .join("; ");
}
