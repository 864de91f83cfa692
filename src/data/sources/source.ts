// What reads a data set that a person has: one file a kind of it, behind this interface. A source looks at names to tell whether
// a place is its own, and only then at bytes.

import { readdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { MissingRow } from "../missing-row.ts";
import type { Part, TrainAndTest } from "../official-files.ts";

export interface Progress {
  readonly label: string;
  /** From 0 to 1. */
  readonly fraction: number;
}

/** A picture that could not be read, and what is wrong with it, as a message has it. */
export interface BrokenPicture {
  readonly file: string;
  readonly problem: string;
}

export interface UserData extends TrainAndTest {
  /** What was read. */
  readonly source: string;
  /** Rows that lack values, and were left out. */
  readonly missing?: Readonly<Record<Part, readonly MissingRow[]>>;
  /** Pictures that could not be read, and were left out. */
  readonly broken?: readonly BrokenPicture[];
}

/** What --data names. */
export interface DataPlace {
  readonly path: string;
  readonly isFolder: boolean;
  /** Of the folder's entries, sorted; of a file, its own name alone. */
  readonly names: readonly string[];
}

export interface SourceOptions {
  /** Rows, columns and, where it says, channels that images are to have. */
  readonly shape?: readonly [number, number] | readonly [number, number, number] | undefined;
  /** Of a CSV. */
  readonly labelColumn?: string | undefined;
  /** In place of those that the source finds, in the order of the labels. */
  readonly classNames?: readonly string[] | undefined;
  /** Where decoded pictures are kept; without it they are not. */
  readonly cacheDir?: string | undefined;
}

export interface SourceRequest extends SourceOptions {
  progress(step: Progress): void;
}

export interface DataSource {
  /** For the list of what --data takes. */
  readonly what: string;
  recognise(place: DataPlace): boolean | Promise<boolean>;
  /** Throws FormatError naming a file for what is damaged, UsageError for options that do not fit. */
  load(place: DataPlace, request: SourceRequest): Promise<UserData>;
}

export async function placeOf(path: string, isFolder: boolean): Promise<DataPlace> {
  const names = isFolder ? (await readdir(path)).sort() : [basename(path)];
  return { path, isFolder, names };
}

/** What data that has no other name is called: as its folder or file. */
export function titleOfPath(path: string): string {
  return basename(resolve(path));
}
