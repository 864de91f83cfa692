// A dropped folder with a folder of pictures for each class, as a data set.

import { assemble, type LabelledRows } from "../../data/sources/assemble.ts";
import { type ClassFiles, findClassFolders } from "../../data/sources/class-folders.ts";
import { mostFrequentSize } from "../../data/sources/picture-size.ts";
import type { BrokenPicture, UserData } from "../../data/sources/source.ts";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { greyOfRgb } from "../../io/picture.ts";
import { resizePicture } from "../../io/resize-picture.ts";
import { decodeInBrowser, pictureSize } from "./browser-picture.ts";
import type { DroppedFolder } from "./dropped-folder.ts";
import type { Stage } from "./open-data.ts";

/** Of all pixels. */
const MOST_BYTES = 2 ** 30;

interface Decoded {
  /** Null for a broken picture. */
  readonly rgb: Uint8Array | null;
  readonly isGrey: boolean;
}

export async function readDroppedPictures(folder: DroppedFolder, stage: Stage): Promise<UserData> {
  const { root } = folder;
  const { classNames, train, test, note } = await findClassFolders(folder, root);
  const files = [...train.files, ...(test?.files ?? [])];
  const broken: BrokenPicture[] = [];
  const { height, width } = await commonSize(folder, files);
  if (files.length * height * width * 3 > MOST_BYTES) {
    throw new UsageError(
      `data: ${files.length} pictures must take at most 1 GiB, got ${height}×${width}`,
      { help: "scale them down first" },
    );
  }
  const decoded = new Map<string, Decoded>();
  for (const [index, path] of files.entries()) {
    stage("decoding pictures", index / files.length);
    const picture = await decodeInBrowser(folder.file(path), path).catch((error: unknown) => {
      if (!(error instanceof FormatError)) throw error;
      broken.push({ file: path, problem: error.message });
      return null;
    });
    decoded.set(
      path,
      picture ? resizePicture(picture, height, width) : { rgb: null, isGrey: true },
    );
  }
  const areGrey = [...decoded.values()].every(({ isGrey }) => isGrey);
  const channels = areGrey ? 1 : 3;
  const rows = (part: ClassFiles) => rowsOf(part, { decoded, channels, where: root });
  const source = `${files.length} pictures in ${root.slice(1)}${note}`;
  const title = root.slice(1) || "pictures";
  const shape = [height, width, channels] as const;
  const parts = { train: rows(train), test: test === null ? null : rows(test) };
  return { ...assemble({ path: root, title, source, shape, classNames, ...parts }, {}), broken };
}

async function commonSize(folder: DroppedFolder, files: readonly string[]) {
  const sizes: (readonly [number, number])[] = [];
  let problem: unknown;
  for (const path of files) {
    const size = await pictureSize(folder.file(path), path).catch((error: unknown) => {
      problem ??= error;
      return null;
    });
    if (size) sizes.push([size.height, size.width]);
  }
  const most = mostFrequentSize(sizes);
  if (!most) throw problem ?? new FormatError("pictures: there must be one at least, got none");
  const [height, width] = most;
  return { height, width };
}

/** Without the broken ones. */
function rowsOf(
  part: ClassFiles,
  of: {
    readonly decoded: ReadonlyMap<string, Decoded>;
    readonly channels: 1 | 3;
    readonly where: string;
  },
): LabelledRows {
  const { decoded, channels, where } = of;
  const sound = part.files.flatMap((path, index) => {
    const rgb = decoded.get(path)?.rgb;
    return rgb ? [{ rgb, label: part.labels[index] ?? 0 }] : [];
  });
  const [first] = sound;
  if (!first) throw new FormatError(`${where}: must hold sound pictures, got none`);
  const size = (first.rgb.length / 3) * channels;
  const images = new Uint8Array(sound.length * size);
  for (const [row, { rgb }] of sound.entries()) {
    images.set(channels === 1 ? greyOfRgb(rgb) : rgb, row * size);
  }
  return { where, images, labels: sound.map(({ label }) => label) };
}
