// A folder with a folder of pictures for each class. They are brought to one size, --shape or the one that most of them have; grey
// where all of them are, else RGB. What was decoded is kept (picture-cache.ts).

import type { Dirent } from "node:fs";
import { open, readdir, readFile } from "node:fs/promises";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { decodeInPool } from "../../io/decode-pool.ts";
import { uprightSize } from "../../io/exif-orientation.ts";
import { greyOfRgb } from "../../io/picture.ts";
import { pictureHeader } from "../../io/picture-header.ts";
import { findPictures, type KeptPictures, keepPictures, pictureKey } from "../picture-cache.ts";
import { assemble, type LabelledRows } from "./assemble.ts";
import {
  type ClassFiles,
  type FolderTree,
  findClassFolders,
  hasClassFolders,
} from "./class-folders.ts";
import { mostFrequentSize } from "./picture-size.ts";
import { type DataSource, type SourceRequest, titleOfPath } from "./source.ts";

/** Of decoded pictures: what a typed array and a person's memory take. */
const MOST_BYTES = 2 ** 31;
/** Within these a header says its size; a JPEG with a preview may need more. */
const HEADER_BYTES = 2 ** 16;

export const PICTURES: DataSource = {
  what: "a folder with a folder of PNG, JPEG or WebP pictures for each class, in train/ and test/ if you like",

  recognise: async ({ path, isFolder }) => isFolder && (await hasClassFolders(DISK, path)),

  async load({ path }, request) {
    const { classNames, train, test, note } = await findClassFolders(DISK, path);
    const files = [...train.files, ...(test?.files ?? [])];
    const [height, width] = request.shape ?? (await commonSize(files));
    if (files.length * height * width * 3 > MOST_BYTES) {
      throw new UsageError(
        `shape: ${files.length} pictures must take at most 2 GiB, got ${height}x${width}`,
        { argument: "shape", help: "smaller ones do: 64x64, say", remedies: ["shape"] },
      );
    }
    const decoded = await decode(files, [height, width, request.shape?.[2] ?? null], request);
    const problems = new Map(decoded.problems);
    const rows = (part: ClassFiles, first: number): LabelledRows =>
      rowsOf(part, { first, decoded, size: height * width * decoded.channels, problems, path });
    const source = `${files.length} pictures in ${path}${note}`;
    const assembly = {
      ...{
        path,
        title: titleOfPath(path),
        source,
        shape: [height, width, decoded.channels] as const,
        classNames,
      },
      train: rows(train, 0),
      test: test === null ? null : rows(test, train.files.length),
    };
    const broken = decoded.problems.map(([i, problem]) => ({ file: files[i] ?? "", problem }));
    return { ...assemble(assembly, request), broken };
  },
};

const DISK: FolderTree = {
  folders: (path) => namesIn(path, (entry) => entry.isDirectory()),
  files: (path) => namesIn(path, (entry) => !entry.isDirectory()),
};

async function namesIn(path: string, isWanted: (entry: Dirent) => boolean): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter(isWanted).map(({ name }) => name);
}

/** The size that most pictures have, the larger of two that are as frequent. Those without a sound header have no say. */
async function commonSize(files: readonly string[]): Promise<readonly [number, number]> {
  const sizes: (readonly [number, number])[] = [];
  let problem: unknown;
  for (const file of files) {
    const header = await headerOf(file).catch((error: unknown) => {
      problem ??= error;
      return null;
    });
    if (header) sizes.push([header.height, header.width]);
  }
  const most = mostFrequentSize(sizes);
  if (most) return most;
  throw problem ?? new FormatError("pictures: there must be one at least, got none");
}

async function headerOf(file: string) {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    const start = buffer.subarray(0, bytesRead);
    try {
      const header = pictureHeader(start, file);
      // A WebP says at its end how it is to be held.
      if (header.format !== "WebP") return uprightSize(start, header);
    } catch (error) {
      if (bytesRead < HEADER_BYTES) throw error;
    }
    const whole = await readFile(file);
    return uprightSize(whole, pictureHeader(whole, file));
  } finally {
    await handle.close();
  }
}

async function decode(
  files: readonly string[],
  shape: readonly [height: number, width: number, channels: number | null],
  { cacheDir, progress }: SourceRequest,
): Promise<KeptPictures> {
  const key = cacheDir === undefined ? "" : await pictureKey(files, shape);
  const kept = cacheDir === undefined ? null : await findPictures(cacheDir, key);
  if (kept) return kept;
  const [height, width, asked] = shape;
  const tell = (done: number): void =>
    progress({ label: "decoding pictures", fraction: done / files.length });
  const { rgb, isGrey, problems } = await decodeInPool({ files, height, width }, tell);
  const broken = new Set(problems.map(([i]) => i));
  const areGrey = isGrey.every((is, i) => is === 1 || broken.has(i));
  const channels = asked ?? (areGrey ? 1 : 3);
  const decoded = { images: channels === 1 ? greyOfRgb(rgb) : rgb, channels, problems };
  if (cacheDir !== undefined) await keepPictures(cacheDir, key, decoded);
  return decoded;
}

interface Rows {
  readonly first: number;
  readonly decoded: KeptPictures;
  /** Bytes of an image. */
  readonly size: number;
  readonly problems: ReadonlyMap<number, string>;
  readonly path: string;
}

/** Without the broken ones. */
function rowsOf(part: ClassFiles, { first, decoded, size, problems, path }: Rows): LabelledRows {
  const rows = part.files.map((_, i) => first + i).filter((i) => !problems.has(i));
  const [one] = problems.values();
  if (rows.length === 0) throw new FormatError(one ?? `${path}: must hold pictures, got none`);
  const images = new Uint8Array(rows.length * size);
  for (const [to, i] of rows.entries()) {
    images.set(decoded.images.subarray(i * size, (i + 1) * size), to * size);
  }
  return { where: path, images, labels: rows.map((i) => part.labels[i - first] ?? 0) };
}
