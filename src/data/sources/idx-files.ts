// IDX files, as MNIST and all that follow it come in: four of them in a folder, plain or gzipped, of images of any one size. Which
// of those data sets it is no file says: a checksum (known-data.ts), a prefix of the names (EMNIST) or the folder's name may.

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { idxDataset, parseIdxImages, parseIdxLabels } from "../idx.ts";
import { readIdxBytes } from "../idx-file.ts";
import { FASHION_MNIST_CLASSES, type Part } from "../official-files.ts";
import { assemble, type LabelledRows } from "./assemble.ts";
import type { DataPlace, DataSource, SourceOptions, UserData } from "./source.ts";

type Kind = "images" | "labels";
type Files = Readonly<Record<`${Part}-${Kind}`, string>>;

/** Some mirrors write a dot before idx; EMNIST has a prefix, and test in place of t10k. */
const NAME = /^(.*?)(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(?:\.gz)?$/;
const KEYS = ["train-images", "train-labels", "test-images", "test-labels"] as const;
/** Labels are bytes. */
const ANY_CLASS = 256;
const SIDE = 28;

export const IDX: DataSource = {
  what: "the four IDX files of MNIST or one like it (plain or .gz)",

  recognise: async (place) =>
    place.isFolder ? (await completeSets(place)).length > 0 : NAME.test(basename(place.path)),

  async load(place, request) {
    const folder = place.isFolder ? place.path : dirname(place.path);
    const found = await findSets(folder);
    const prefix = place.isFolder ? onlyPrefix(folder, found) : prefixOf(place.path);
    const files = found.get(prefix) ?? {};
    if (!isComplete(files)) throw incompleteIdx(folder, prefix, files);
    return readSet({ folder, prefix, files }, request);
  },
};

/** For a folder without a whole data set: what of one it has; null where it has nothing of one. */
export async function partialIdx({ path }: DataPlace): Promise<FormatError | null> {
  const [first] = await findSets(path);
  return first ? incompleteIdx(path, ...first) : null;
}

function prefixOf(path: string): string {
  return NAME.exec(basename(path))?.[1] ?? "";
}

async function completeSets({ path }: DataPlace): Promise<string[]> {
  const found = [...(await findSets(path))];
  return found.flatMap(([prefix, files]) => (isComplete(files) ? [prefix] : []));
}

function isComplete(files: Partial<Files>): files is Files {
  return KEYS.every((key) => files[key] !== undefined);
}

/** By prefix; also files within folders of their names, as Kaggle's archives unpack. */
async function findSets(folder: string): Promise<Map<string, Partial<Files>>> {
  const sets = new Map<string, Partial<Record<keyof Files, string>>>();
  const entries = await readdir(folder, { withFileTypes: true });
  const filesFirst = entries.sort((a, b) => Number(a.isDirectory()) - Number(b.isDirectory()));
  for (const entry of filesFirst) {
    const [, prefix = "", part = "", kind = ""] = NAME.exec(entry.name) ?? [];
    if (kind === "") continue;
    const key = `${part === "train" ? "train" : "test"}-${kind as Kind}` as const;
    const path = await fileOf(join(folder, entry.name), entry.isDirectory());
    const set = sets.get(prefix) ?? {};
    if (path !== undefined) sets.set(prefix, { [key]: path, ...set });
  }
  return sets;
}

async function fileOf(path: string, isFolder: boolean): Promise<string | undefined> {
  if (!isFolder) return path;
  const within = (await readdir(path)).find((name) => NAME.test(name));
  return within === undefined ? undefined : join(path, within);
}

function onlyPrefix(folder: string, found: ReadonlyMap<string, Partial<Files>>): string {
  const prefixes = [...found].flatMap(([prefix, files]) => (isComplete(files) ? [prefix] : []));
  const [only = "", ...others] = prefixes;
  if (others.length === 0) return only;
  const names = prefixes.map((prefix) => prefix.replace(/[-_.]$/, "") || "one without a name");
  throw new UsageError(`data: must hold one data set, got ${names.join(", ")} in ${folder}`, {
    argument: "data",
    help: `name one of its files, such as ${join(folder, `${only}train-images-idx3-ubyte`)}`,
  });
}

function incompleteIdx(folder: string, prefix: string, files: Partial<Files>): FormatError {
  const test = prefix === "" ? "t10k" : "test";
  const nameOf = (key: keyof Files): string => {
    const [part, kind] = key.split("-");
    return `${prefix}${part === "test" ? test : part}-${kind}-idx${kind === "images" ? 3 : 1}-ubyte`;
  };
  const missing = KEYS.filter((key) => files[key] === undefined).map(nameOf);
  const got = KEYS.filter((key) => files[key] !== undefined).map(nameOf);
  return new FormatError(`${folder}: lacks ${missing.join(", ")}, got only ${got.join(", ")}`);
}

interface FoundSet {
  readonly folder: string;
  readonly prefix: string;
  readonly files: Files;
}

async function readSet(found: FoundSet, options: SourceOptions): Promise<UserData> {
  const { folder, prefix, files } = found;
  const source = `IDX files in ${folder}`;
  const parts = { train: await readPart(files, "train"), test: await readPart(files, "test") };
  const { train, test } = parts;
  if (train.height !== test.height || train.width !== test.width) {
    throw new FormatError(
      `${files["train-images"]}: images must be of ${test.height}×${test.width} pixels, got ${train.height}×${train.width}`,
    );
  }
  if (prefix === "" && isTaken(folder, [train, test]) && options.classNames === undefined) {
    const named = (part: Part) => asFashion(files, part, parts[part]);
    return { train: named("train"), test: named("test"), source };
  }
  const path = prefix === "" ? folder : join(folder, prefix.replace(/[-_.]$/, ""));
  const shape = [train.height, train.width, 1] as const;
  const { rows, classNames } = await withoutGap(found, [train, test]);
  const [trainRows = train, testRows = test] = rows;
  return assemble({ path, source, shape, train: trainRows, test: testRows, classNames }, options);
}

interface ReadPart extends LabelledRows {
  readonly height: number;
  readonly width: number;
  readonly labels: Uint8Array;
  readonly bytes: { readonly imageBytes: Uint8Array; readonly labelBytes: Uint8Array };
}

async function readPart(files: Files, part: Part): Promise<ReadPart> {
  const [images, labels] = [files[`${part}-images`], files[`${part}-labels`]];
  const [imageBytes, labelBytes] = await Promise.all([readIdxBytes(images), readIdxBytes(labels)]);
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

/** Nothing says that they are another data set than Fashion-MNIST, or a part of it. */
function isTaken(folder: string, parts: readonly ReadPart[]): boolean {
  const name = basename(resolve(folder));
  const isOther = /mnist|kuzushiji|digit|letter|kana|sign/i.test(name) && !/fashion/i.test(name);
  const [{ height, width } = { height: 0, width: 0 }] = parts;
  const isTen = parts.some(({ labels }) => greatest(labels) < FASHION_MNIST_CLASSES.length);
  return !isOther && height === SIDE && width === SIDE && isTen;
}

/** Throws FormatError for labels that Fashion-MNIST does not have. */
function asFashion(files: Files, part: Part, { bytes }: ReadPart) {
  const pair = { images: files[`${part}-images`], labels: files[`${part}-labels`] };
  const name = `fashion-mnist/${part}`;
  return idxDataset({ ...pair, name, classNames: FASHION_MNIST_CLASSES }, bytes);
}

/** EMNIST's letters are numbered from 1, and a file beside them says which letter a number is. */
async function withoutGap({ folder, prefix }: FoundSet, parts: readonly ReadPart[]) {
  const mapping = join(folder, `${prefix}mapping.txt`);
  const names = existsSync(mapping) ? lettersOf(await readFile(mapping, "utf8")) : undefined;
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
