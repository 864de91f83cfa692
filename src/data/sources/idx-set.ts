// The four IDX files of one data set, by the names that MNIST and all that follow it give them, as rows. Which of those data sets it is
// no file says: a checksum (known-data.ts), a prefix of the names (EMNIST) or the folder's name may.

import { FormatError } from "../../engine/core/errors.ts";
import { numberedClasses } from "../dataset.ts";
import { FASHION_MNIST_CLASSES, saysFashion } from "../fashion-mnist-classes.ts";
import { idxDataset, parseIdxImages, parseIdxLabels } from "../idx.ts";
import type { Part } from "../official-files.ts";
import { assemble, type LabelledRows } from "./assemble.ts";
import type { SourceOptions, UserData } from "./source.ts";

export const IDX_KEYS = ["train-images", "train-labels", "test-images", "test-labels"] as const;
export type IdxKey = (typeof IDX_KEYS)[number];
/** What they are called. */
export type IdxFiles = Readonly<Record<IdxKey, string>>;

/** Some mirrors write a dot before idx; EMNIST has a prefix, and test in place of t10k. */
const NAME = /^(.*?)(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(?:\.gz)?$/;
/** Labels are bytes. */
const ANY_CLASS = 256;
const SIDE = 28;
const TEN_NUMBERS = numberedClasses(FASHION_MNIST_CLASSES.length);

/** Of a file's name without its folder; null for other files. */
export function idxNameOf(name: string): { readonly prefix: string; readonly key: IdxKey } | null {
  const [, prefix = "", part = "", kind = ""] = NAME.exec(name) ?? [];
  if (kind === "") return null;
  const key = `${part === "train" ? "train" : "test"}-${kind}` as IdxKey;
  return { prefix, key };
}

export interface IdxSet {
  /** For messages. */
  readonly path: string;
  readonly title: string;
  /** The folder, whose name may say which data set it is. */
  readonly place: string;
  readonly prefix: string;
  readonly files: IdxFiles;
  /** Unpacked. */
  readonly bytes: Readonly<Record<IdxKey, Uint8Array>>;
  /** Whether it is Fashion-MNIST, or a part of it; null where nobody knows, and the folder's name decides. */
  readonly isFashion: boolean | null;
  /** EMNIST's file of which letter a number is; null where there is none. */
  readonly letters: string | null;
}

/** Throws FormatError, naming the file, for what is damaged, and for images of different sizes. */
export function idxData(set: IdxSet, options: SourceOptions): UserData {
  const { path, title, place, prefix, files } = set;
  const source = `IDX files in ${place}`;
  const parts = { train: partOf(set, "train"), test: partOf(set, "test") };
  const { train, test } = parts;
  if (train.height !== test.height || train.width !== test.width) {
    throw new FormatError(
      `${files["train-images"]}: images must be of ${test.height}×${test.width} pixels, got ${train.height}×${train.width}`,
    );
  }
  const isLike = prefix === "" && isLikeFashion([train, test]);
  const isFashion = set.isFashion ?? (isLike && saysFashion(place));
  if (isFashion && options.classNames === undefined) {
    const named = (part: Part) => asFashion(files, part, parts[part]);
    return { train: named("train"), test: named("test"), source };
  }
  const shape = [train.height, train.width, 1] as const;
  const { rows, classNames } = withoutGap(set, [train, test]);
  const [trainRows = train, testRows = test] = rows;
  const names = classNames ?? (isLike ? TEN_NUMBERS : undefined);
  const assembled = { train: trainRows, test: testRows, classNames: names };
  return assemble({ path, title, source, shape, ...assembled }, options);
}

interface ReadPart extends LabelledRows {
  readonly height: number;
  readonly width: number;
  readonly labels: Uint8Array;
  readonly bytes: { readonly imageBytes: Uint8Array; readonly labelBytes: Uint8Array };
}

function partOf({ files, bytes: all }: IdxSet, part: Part): ReadPart {
  const [images, labels] = [files[`${part}-images`], files[`${part}-labels`]];
  const [imageBytes, labelBytes] = [all[`${part}-images`], all[`${part}-labels`]];
  const { height, width, pixels, rows } = parseIdxImages(imageBytes, images);
  const classes = parseIdxLabels(labelBytes, labels, ANY_CLASS);
  if (classes.length !== rows) {
    throw new FormatError(
      `${labels}: must hold a label for each of the ${rows} images, got ${classes.length}`,
    );
  }
  const bytes = { imageBytes, labelBytes };
  return { where: labels, images: pixels, labels: classes, height, width, bytes };
}

/** Of Fashion-MNIST's size, in ten classes or fewer, as MNIST and others are too; a part of one may lack a class. */
function isLikeFashion(parts: readonly ReadPart[]): boolean {
  const [{ height, width } = { height: 0, width: 0 }] = parts;
  const isTen = parts.some(({ labels }) => greatest(labels) < FASHION_MNIST_CLASSES.length);
  return height === SIDE && width === SIDE && isTen;
}

/** Throws FormatError for labels that Fashion-MNIST does not have. */
function asFashion(files: IdxFiles, part: Part, { bytes }: ReadPart) {
  const pair = { images: files[`${part}-images`], labels: files[`${part}-labels`] };
  const name = `fashion-mnist/${part}`;
  return idxDataset({ ...pair, name, classNames: FASHION_MNIST_CLASSES }, bytes);
}

/** EMNIST's letters are numbered from 1, and a file beside them says which letter a number is. */
function withoutGap({ letters }: IdxSet, parts: readonly ReadPart[]) {
  const names = letters === null ? undefined : lettersOf(letters);
  const isFromOne = parts.every(({ labels }) => !labels.includes(0));
  if (!isFromOne) return { rows: parts, classNames: names };
  const classes = Math.max(...parts.map(({ labels }) => greatest(labels)));
  return {
    rows: parts.map((part) => ({ ...part, labels: part.labels.map((label) => label - 1) })),
    classNames: names ?? Array.from({ length: classes }, (_, k) => String(k + 1)),
  };
}

/** `1 65 97` a line: the label, the letter, the same in lower case. */
function lettersOf(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, code] = line.trim().split(/\s+/);
    return code === undefined ? [] : [String.fromCodePoint(Number(code) || 0x3f)];
  });
}

function greatest(labels: Uint8Array): number {
  return labels.reduce((most, label) => Math.max(most, label), 0);
}
