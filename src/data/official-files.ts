// The official release of Fashion-MNIST: its four files, their checksums, and reading them from a
// folder where every byte must be right. Files that a person brings are read elsewhere, without
// checksums.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "../engine/core/errors.ts";
import type { Dataset } from "./dataset.ts";
import { FASHION_MNIST_CLASSES } from "./fashion-mnist-classes.ts";
import { idxDataset } from "./idx.ts";
import { readIdxBytes } from "./idx-file.ts";

export type Part = "train" | "test";

export interface OfficialFile {
  readonly part: Part;
  readonly kind: "images" | "labels";
  /** Without `.gz`. */
  readonly name: string;
  /**
   * Of the file as downloaded. Other packagers compressed anew, so only the download is held to it.
   */
  readonly gzipMd5: string;
  /** Of the file unpacked, wherever it comes from. */
  readonly md5: string;
}

export const OFFICIAL_FILES: readonly OfficialFile[] = [
  {
    part: "train",
    kind: "images",
    name: "train-images-idx3-ubyte",
    gzipMd5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    md5: "f4a8712d7a061bf5bd6d2ca38dc4d50a",
  },
  {
    part: "train",
    kind: "labels",
    name: "train-labels-idx1-ubyte",
    gzipMd5: "25c81989df183df01b3e8a0aad5dffbe",
    md5: "9018921c3c673c538a1fc5bad174d6f9",
  },
  {
    part: "test",
    kind: "images",
    name: "t10k-images-idx3-ubyte",
    gzipMd5: "bef4ecab320f06d8554ea6380940ec79",
    md5: "8181f5470baa50b63fa0f6fddb340f0a",
  },
  {
    part: "test",
    kind: "labels",
    name: "t10k-labels-idx1-ubyte",
    gzipMd5: "bb300cfdad3c16e7a12a480ee83cd310",
    md5: "15d484375f8d13e6eb1aabb0c3f46965",
  },
];

export interface TrainAndTest {
  readonly train: Dataset;
  readonly test: Dataset;
  /** For people: `Fashion-MNIST`, or the folder's name; see `titleOf`. */
  readonly title?: string;
}

/** What a data set is called; one that has no title of its own by the name of its rows. */
export function titleOf({ title, train }: TrainAndTest): string {
  return title ?? train.name.replace(/\/[^/]*$/, "");
}

/**
 * Reads and checks the four files, plain or gzipped. Errors name the file that is missing or wrong.
 */
export async function readOfficialFolder(
  folder: string,
  files: readonly OfficialFile[] = OFFICIAL_FILES,
): Promise<TrainAndTest> {
  return {
    train: await readPart(folder, files, "train"),
    test: await readPart(folder, files, "test"),
  };
}

async function readPart(
  folder: string,
  files: readonly OfficialFile[],
  part: Part,
): Promise<Dataset> {
  const read = async (kind: "images" | "labels") => {
    const file = files.find((candidate) => candidate.part === part && candidate.kind === kind);
    if (file === undefined) throw new FormatError(`official files: ${part} ${kind} are not listed`);
    const path = locate(folder, file.name);
    const bytes = await readIdxBytes(path);
    const md5 = md5Of(bytes);
    if (md5 !== file.md5) {
      throw new FormatError(`${path}: the official file has md5 ${file.md5} unpacked, got ${md5}`);
    }
    return { path, bytes };
  };
  const [images, labels] = await Promise.all([read("images"), read("labels")]);
  return idxDataset(
    {
      images: images.path,
      labels: labels.path,
      name: `fashion-mnist/${part}`,
      classNames: FASHION_MNIST_CLASSES,
    },
    { imageBytes: images.bytes, labelBytes: labels.bytes },
  );
}

/** Whether the file as downloaded lies in the folder, whole. */
export async function isDownloaded(folder: string, file: OfficialFile): Promise<boolean> {
  const path = join(folder, `${file.name}.gz`);
  return existsSync(path) && md5Of(await readFile(path)) === file.gzipMd5;
}

function locate(folder: string, name: string): string {
  // The gzipped one first: it is what a repeated download replaces.
  const packed = join(folder, `${name}.gz`);
  const plain = join(folder, name);
  return existsSync(plain) && !existsSync(packed) ? plain : packed;
}

function md5Of(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}
