// The arrays of an .npz as Keras's data sets come in (mnist.npz), as a data set: x_train, y_train, x_test, y_test. The two files of
// Kuzushiji-49 have other names: rename those.

import { FormatError } from "../../engine/core/errors.ts";
import type { NpyArray } from "../../io/npy.ts";
import { assemble, type LabelledRows } from "./assemble.ts";
import type { SourceOptions, UserData } from "./source.ts";

const PARTS = { train: ["x_train", "y_train"], test: ["x_test", "y_test"] } as const;
/** Of an array unpacked. */
export const MOST_ARRAY_BYTES = 2 ** 31;

export interface NpzArrays {
  /** The file, for messages. */
  readonly path: string;
  readonly title: string;
  /** By its name; throws FormatError where it is not there, or unsound. */
  readonly array: (name: string) => Promise<NpyArray>;
}

export async function npzData(arrays: NpzArrays, options: SourceOptions): Promise<UserData> {
  const { path, title } = arrays;
  const train = await readPart(arrays, PARTS.train);
  const test = await readPart(arrays, PARTS.test);
  if (String(train.shape) !== String(test.shape)) {
    throw new FormatError(
      `${path}: x_test must be of the shape of x_train, (${train.shape}), got (${test.shape})`,
    );
  }
  const source = `arrays of ${path}`;
  return assemble({ path, title, source, shape: train.shape, train, test }, options);
}

interface ReadPart extends LabelledRows {
  readonly shape: readonly [number, number, number];
}

async function readPart(
  { path, array }: NpzArrays,
  [x, y]: readonly [string, string],
): Promise<ReadPart> {
  const images = await array(x);
  const labels = await array(y);
  const [rows = 0, height = 0, width = 0, channels = 1] = images.shape;
  const { length: axes } = images.shape;
  const where = `${path}: ${x}`;
  if ((axes !== 3 && axes !== 4) || (channels !== 1 && channels !== 3) || height * width === 0) {
    throw new FormatError(
      `${where}: must be (rows, height, width) or (rows, height, width, 1 or 3), got (${images.shape})`,
    );
  }
  const count = labels.shape.reduce((product, size) => product * size, 1);
  if (count !== rows) {
    throw new FormatError(
      `${path}: ${y}: must hold a label for each of the ${rows} images, got (${labels.shape})`,
      { help: "class numbers, not one-hot rows" },
    );
  }
  const shape = [height, width, channels] as const;
  return {
    ...{ where: `${path}: ${y}`, shape, images: bytesOf(images, where) },
    labels: labels.values,
  };
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
