// Data that was dropped onto the page: read by the readers that `--data` has, from the browser's files in place of the disk's. Pictures
// are decoded by the browser, and brought to size as ours are.

import { isGzip, MOST_IDX_BYTES, promisedBytes } from "../../data/idx.ts";
import { hasClassFolders } from "../../data/sources/class-folders.ts";
import {
  IDX_KEYS,
  type IdxFiles,
  type IdxKey,
  idxData,
  idxNameOf,
} from "../../data/sources/idx-set.ts";
import { MOST_ARRAY_BYTES, npzData } from "../../data/sources/npz-arrays.ts";
import type { UserData } from "../../data/sources/source.ts";
import { FormatError, messageOf, UsageError } from "../../engine/core/errors.ts";
import { parseNpy } from "../../io/npy.ts";
import { ZipBytes } from "../../io/zip-bytes.ts";
import type { DroppedFile } from "../../page/web/protocol.ts";
import { sha256 } from "./digest.ts";
import { DroppedFolder } from "./dropped-folder.ts";
import { readDroppedPictures } from "./dropped-pictures.ts";
import type { Stage } from "./open-data.ts";

/** Of one file. */
const MOST_BYTES = 2 ** 31;
/** SHA-256 of the official label files, unpacked: other data sets come under the same names. */
const FASHION_LABELS: readonly string[] = [
  "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
  "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
];

/** Throws UsageError for files that are of no kind that is read here, FormatError, naming the file, for damaged ones. */
export async function readDroppedData(
  files: readonly DroppedFile[],
  stage: Stage,
): Promise<UserData> {
  const large = files.find(({ file }) => file.size > MOST_BYTES);
  if (large)
    throw new FormatError(`${large.path}: must be at most 2 GiB, got ${large.file.size} bytes`);
  const npz = files.find(({ path }) => /\.npz$/i.test(path));
  if (npz) return readNpz(npz, stage);
  if (files.some(({ path }) => idxNameOf(nameOf(path)) !== null)) return readIdx(files, stage);
  const folder = new DroppedFolder(files);
  if (await hasClassFolders(folder, folder.root)) return readDroppedPictures(folder, stage);
  throw new UsageError(
    `data: must be the four IDX files of a data set, an .npz, or a folder with a folder of pictures for each class, got ${files[0]?.path ?? "nothing"}`,
    { help: "CSV and CIFAR's files are read by npm run train -- --data" },
  );
}

async function readNpz({ path, file }: DroppedFile, stage: Stage): Promise<UserData> {
  stage(`unpacking ${path}`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const zip = new ZipBytes(path, bytes, "is it an .npz file?");
  const array = async (name: string) => {
    const size = zip.size(`${name}.npy`);
    if (size <= MOST_ARRAY_BYTES) return parseNpy(zip.unpacked(`${name}.npy`), `${path}: ${name}`);
    throw new FormatError(`${path}: ${name}: must be at most 2 GiB, got ${size} bytes`);
  };
  return npzData({ path, title: nameOf(path), array }, {});
}

async function readIdx(dropped: readonly DroppedFile[], stage: Stage): Promise<UserData> {
  const found = new Map<IdxKey, DroppedFile>();
  let prefix = "";
  for (const one of dropped) {
    const named = idxNameOf(nameOf(one.path));
    if (!named) continue;
    prefix = named.prefix;
    if (found.has(named.key)) {
      throw new UsageError(`data: must be one data set, got two files of ${named.key}`);
    }
    found.set(named.key, one);
  }
  const missing = IDX_KEYS.filter((key) => !found.has(key));
  if (missing.length > 0) {
    throw new UsageError(`data: must be four IDX files, got none of ${missing.join(", ")}`, {
      help: "drop all four at once",
    });
  }
  const bytes: Partial<Record<IdxKey, Uint8Array>> = {};
  for (const [key, one] of found) {
    stage(`unpacking ${nameOf(one.path)}`);
    bytes[key] = await unpackedIdx(one);
  }
  const names = Object.fromEntries([...found].map(([key, { path }]) => [key, path])) as IdxFiles;
  const place = folderOf(found.get("train-images")?.path ?? "") || "dropped files";
  const whole = bytes as Readonly<Record<IdxKey, Uint8Array>>;
  const digests = await Promise.all(
    (["train-labels", "test-labels"] as const).map((key) => sha256([whole[key]])),
  );
  const isFashion = digests.some((digest) => FASHION_LABELS.includes(digest));
  const title = prefix.replace(/[-_.]$/, "") || nameOf(place);
  const set = { path: place, title, place, prefix, files: names, bytes: whole };
  return idxData({ ...set, letters: null, isFashion }, {});
}

async function unpackedIdx({ path, file }: DroppedFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!isGzip(bytes)) return bytes;
  const pieces: Uint8Array[] = [];
  let [size, most] = [0, MOST_IDX_BYTES];
  try {
    const stream = file.stream().pipeThrough(new DecompressionStream("gzip"));
    for (const reader = stream.getReader(); ; ) {
      const { value, done } = await reader.read();
      if (done) break;
      if (pieces.length === 0) most = Math.min(most, promisedBytes(value));
      pieces.push(value);
      size += value.length;
      if (size <= most) continue;
      await reader.cancel();
      throw new FormatError(`${path}: unpacks into more than its header promises, or than 1 GiB`);
    }
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(`${path}: the gzip data does not unpack, got ${messageOf(cause)}`, {
      cause,
    });
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function nameOf(path: string): string {
  return path.replace(/^.*\//, "");
}

function folderOf(path: string): string {
  return path.includes("/") ? path.replace(/\/[^/]*$/, "") : "";
}
