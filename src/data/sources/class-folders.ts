// Which pictures a folder of folders holds: a folder a class, side by side or within train/, test/ and val/. It looks at names
// only, on the disk or wherever else folders are.

import { FormatError } from "../../engine/core/errors.ts";

/** Names of what a folder holds itself, in no order. */
export interface FolderTree {
  folders(path: string): Promise<readonly string[]>;
  files(path: string): Promise<readonly string[]>;
}

export interface ClassFiles {
  readonly files: readonly string[];
  readonly labels: readonly number[];
}

export interface ClassFolders {
  readonly classNames: readonly string[];
  readonly train: ClassFiles;
  /** Null: there is no such folder. */
  readonly test: ClassFiles | null;
  /** Said of where rows are from: `val/ joins train/`. */
  readonly note: string;
}

const PICTURE = /\.(png|jpe?g|webp)$/i;
/** Those that nothing here reads; a person should hear of them, and not miss them later. */
const OTHER_PICTURE = /\.(gif|bmp|tiff?|heic|heif|avif)$/i;
const PARTS = {
  train: /^train(ing)?$/i,
  test: /^test(ing)?$/i,
  val: /^val(id|idation)?$/i,
} as const;

/** Whether folders within hold pictures, as classes or as classes of train. */
export async function hasClassFolders(tree: FolderTree, path: string): Promise<boolean> {
  for (const name of await foldersIn(tree, path)) {
    const within = `${path}/${name}`;
    if (await holdsPictures(tree, within)) return true;
    if (!isPart(name)) continue;
    for (const inner of await foldersIn(tree, within)) {
      if (await holdsPictures(tree, `${within}/${inner}`)) return true;
    }
  }
  return false;
}

async function holdsPictures(tree: FolderTree, path: string): Promise<boolean> {
  return (await tree.files(path)).some((file) => PICTURE.test(file));
}

/** Throws FormatError, naming the folder, for a class without pictures, a class that train lacks, and fewer than two. */
export async function findClassFolders(tree: FolderTree, path: string): Promise<ClassFolders> {
  const names = await foldersIn(tree, path);
  const partOf = (part: keyof typeof PARTS): string | undefined => {
    const name = names.find((folder) => PARTS[part].test(folder));
    return name === undefined ? undefined : `${path}/${name}`;
  };
  const [train, test, val] = [partOf("train"), partOf("test"), partOf("val")];
  const classNames = await classesOf(tree, train ?? path);
  const inPart = (part: string) => filesOf(tree, part, classNames);
  const trained = await inPart(train ?? path);
  if (train === undefined) return { classNames, train: trained, test: null, note: "" };
  const tested = test ?? val;
  const scored = tested === undefined ? null : await inPart(tested);
  if (test === undefined || val === undefined) {
    return { classNames, train: trained, test: scored, note: "" };
  }
  const more = await inPart(val);
  const joined = {
    files: [...trained.files, ...more.files],
    labels: [...trained.labels, ...more.labels],
  };
  return { classNames, train: joined, test: scored, note: "; val is taken into train" };
}

function isPart(name: string): boolean {
  return Object.values(PARTS).some((pattern) => pattern.test(name));
}

async function foldersIn(tree: FolderTree, path: string): Promise<string[]> {
  const folders = (await tree.folders(path)).filter((name) => !name.startsWith("."));
  // As Python sorts, by code: what was numbered elsewhere is numbered alike.
  return folders.sort((a, b) => (a < b ? -1 : 1));
}

async function classesOf(tree: FolderTree, path: string): Promise<string[]> {
  const names = await foldersIn(tree, path);
  if (names.length >= 2) return names;
  throw new FormatError(
    `${path}: must hold a folder for each of two classes or more, got ${names.join() || "none"}`,
  );
}

async function filesOf(
  tree: FolderTree,
  path: string,
  classNames: readonly string[],
): Promise<ClassFiles> {
  const files: string[] = [];
  const labels: number[] = [];
  for (const name of await foldersIn(tree, path)) {
    const folder = `${path}/${name}`;
    const label = classNames.indexOf(name);
    if (label < 0) {
      throw new FormatError(`${folder}: must be a class that is trained on, got a new one`, {
        help: `the classes are ${classNames.slice(0, 10).join(", ")}`,
      });
    }
    const found = (await tree.files(folder)).filter((file) => !file.startsWith("."));
    const pictures = found.filter((file) => PICTURE.test(file) || OTHER_PICTURE.test(file));
    if (pictures.length === 0) {
      throw new FormatError(
        `${folder}: a class's folder must hold pictures (PNG, JPEG or WebP), got ${found.length === 0 ? "an empty one" : `${found[0]}`}`,
      );
    }
    for (const file of pictures.sort((a, b) => (a < b ? -1 : 1))) {
      files.push(`${folder}/${file}`);
      labels.push(label);
    }
  }
  return { files, labels };
}
