// IDX files, as MNIST and all that follow it come in: four of them in a folder, plain or gzipped, of images of any one size. Which
// of those data sets it is no file says: a checksum (known-data.ts), a prefix of the names (EMNIST) or the folder's name may.

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { readIdxBytes } from "../idx-file.ts";
import { type IdxFiles, type IdxKey, idxData, idxNameOf, IDX_KEYS as KEYS } from "./idx-set.ts";
import { type DataPlace, type DataSource, titleOfPath } from "./source.ts";

export const IDX: DataSource = {
  what: "the four IDX files of MNIST or one like it (plain or .gz)",

  recognise: async (place) =>
    place.isFolder
      ? (await completeSets(place)).length > 0
      : idxNameOf(basename(place.path)) !== null,

  async load(place, request) {
    const folder = place.isFolder ? place.path : dirname(place.path);
    const found = await findSets(folder);
    const prefix = place.isFolder ? onlyPrefix(folder, found) : prefixOf(place.path);
    const files = found.get(prefix) ?? {};
    if (!isComplete(files)) throw incompleteIdx(folder, prefix, files);
    const bytes = await Promise.all(KEYS.map(async (key) => [key, await readIdxBytes(files[key])]));
    const mapping = join(folder, `${prefix}mapping.txt`);
    const letters = existsSync(mapping) ? await readFile(mapping, "utf8") : null;
    const path = prefix === "" ? folder : join(folder, prefix.replace(/[-_.]$/, ""));
    const about = {
      path,
      title: titleOfPath(path),
      place: folder,
      prefix,
      files,
      letters,
      isFashion: null,
    };
    return idxData({ ...about, bytes: Object.fromEntries(bytes) }, request);
  },
};

/** For a folder without a whole data set: what of one it has; null where it has nothing of one. */
export async function partialIdx({ path }: DataPlace): Promise<FormatError | null> {
  const [first] = await findSets(path);
  return first ? incompleteIdx(path, ...first) : null;
}

function prefixOf(path: string): string {
  return idxNameOf(basename(path))?.prefix ?? "";
}

async function completeSets({ path }: DataPlace): Promise<string[]> {
  const found = [...(await findSets(path))];
  return found.flatMap(([prefix, files]) => (isComplete(files) ? [prefix] : []));
}

function isComplete(files: Partial<IdxFiles>): files is IdxFiles {
  return KEYS.every((key) => files[key] !== undefined);
}

/** By prefix; also files within folders of their names, as Kaggle's archives unpack. */
async function findSets(folder: string): Promise<Map<string, Partial<IdxFiles>>> {
  const sets = new Map<string, Partial<Record<IdxKey, string>>>();
  const entries = await readdir(folder, { withFileTypes: true });
  const filesFirst = entries.sort((a, b) => Number(a.isDirectory()) - Number(b.isDirectory()));
  for (const entry of filesFirst) {
    const named = idxNameOf(entry.name);
    if (!named) continue;
    const { prefix, key } = named;
    const path = await fileOf(join(folder, entry.name), entry.isDirectory());
    const set = sets.get(prefix) ?? {};
    if (path !== undefined) sets.set(prefix, { [key]: path, ...set });
  }
  return sets;
}

async function fileOf(path: string, isFolder: boolean): Promise<string | undefined> {
  if (!isFolder) return path;
  const within = (await readdir(path)).find((name) => idxNameOf(name) !== null);
  return within === undefined ? undefined : join(path, within);
}

function onlyPrefix(folder: string, found: ReadonlyMap<string, Partial<IdxFiles>>): string {
  const prefixes = [...found].flatMap(([prefix, files]) => (isComplete(files) ? [prefix] : []));
  const [only = "", ...others] = prefixes;
  if (others.length === 0) return only;
  const names = prefixes.map((prefix) => prefix.replace(/[-_.]$/, "") || "one without a name");
  throw new UsageError(`data: must hold one data set, got ${names.join(", ")} in ${folder}`, {
    argument: "data",
    help: `name one of its files, such as ${join(folder, `${only}train-images-idx3-ubyte`)}`,
  });
}

function incompleteIdx(folder: string, prefix: string, files: Partial<IdxFiles>): FormatError {
  const test = prefix === "" ? "t10k" : "test";
  const nameOf = (key: IdxKey): string => {
    const [part, kind] = key.split("-");
    return `${prefix}${part === "test" ? test : part}-${kind}-idx${kind === "images" ? 3 : 1}-ubyte`;
  };
  const missing = KEYS.filter((key) => files[key] === undefined).map(nameOf);
  const got = KEYS.filter((key) => files[key] !== undefined).map(nameOf);
  return new FormatError(`${folder}: lacks ${missing.join(", ")}, got only ${got.join(", ")}`);
}
