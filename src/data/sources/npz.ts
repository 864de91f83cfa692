// An .npz as Keras's data sets come in (mnist.npz): arrays x_train, y_train, x_test, y_test. Also images and labels in one piece,
// and the two files of Kuzushiji-49 have other names: rename those. Nothing in it is executed.

import { buffer } from "node:stream/consumers";
import { FormatError } from "../../engine/core/errors.ts";
import { type NpyArray, parseNpy } from "../../io/npy.ts";
import { ZipArchive } from "../../io/zip-archive.ts";
import { assemble, type LabelledRows } from "./assemble.ts";
import type { DataSource, SourceRequest } from "./source.ts";

const PARTS = { train: ["x_train", "y_train"], test: ["x_test", "y_test"] } as const;
/** Of an array unpacked. */
const MOST_BYTES = 2 ** 31;

export const NPZ: DataSource = {
  what: "an .npz with x_train, y_train, x_test and y_test",

  recognise: ({ isFolder, names: [name = ""] }) => !isFolder && /\.npz$/i.test(name),

  async load({ path }, request) {
    const zip = await ZipArchive.open(path, "is it an .npz file?");
    try {
      const train = await readPart(zip, PARTS.train, request);
      const test = await readPart(zip, PARTS.test, request);
      if (String(train.shape) !== String(test.shape)) {
        throw new FormatError(
          `${path}: x_test must be of the shape of x_train, (${train.shape}), got (${test.shape})`,
        );
      }
      const source = `arrays of ${path}`;
      return assemble({ path, source, shape: train.shape, train, test }, request);
    } finally {
      zip.close();
    }
  },
};

interface ReadPart extends LabelledRows {
  readonly shape: readonly [number, number, number];
}

async function readPart(
  zip: ZipArchive,
  [x, y]: readonly [string, string],
  { progress }: SourceRequest,
): Promise<ReadPart> {
  const images = await readArray(zip, x);
  progress({ label: `reading ${x}`, fraction: 1 });
  const labels = await readArray(zip, y);
  const [rows = 0, height = 0, width = 0, channels = 1] = images.shape;
  const { length: axes } = images.shape;
  const where = `${zip.path}: ${x}`;
  if ((axes !== 3 && axes !== 4) || (channels !== 1 && channels !== 3) || height * width === 0) {
    throw new FormatError(
      `${where}: must be (rows, height, width) or (rows, height, width, 1 or 3), got (${images.shape})`,
    );
  }
  const count = labels.shape.reduce((product, size) => product * size, 1);
  if (count !== rows) {
    throw new FormatError(
      `${zip.path}: ${y}: must hold a label for each of the ${rows} images, got (${labels.shape})`,
      { help: "class numbers, not one-hot rows" },
    );
  }
  const shape = [height, width, channels] as const;
  return {
    ...{ where: `${zip.path}: ${y}`, shape, images: bytesOf(images, where) },
    labels: labels.values,
  };
}

async function readArray(zip: ZipArchive, name: string): Promise<NpyArray> {
  const entry = `${name}.npy`;
  const size = zip.size(entry);
  if (size > MOST_BYTES) {
    throw new FormatError(`${zip.path}: ${name}: must be at most 2 GiB, got ${size} bytes`);
  }
  return parseNpy(await buffer(await zip.stream(entry)), `${zip.path}: ${name}`);
}

/** Pixels are bytes; other numbers are taken where they are whole ones from 0 to 255. */
function bytesOf({ values, type }: NpyArray, where: string): Uint8Array {
  if (values instanceof Uint8Array && type === "|u1") return values;
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? -1;
    if (!Number.isInteger(value) || value < 0 || value > 255) {
      throw new FormatError(`${where}: pixels must be whole numbers from 0 to 255, got ${value}`, {
        help: "save images as bytes, before they are scaled: astype('uint8')",
      });
    }
    bytes[i] = value;
  }
  return bytes;
}
