// An .npz as Keras's data sets come in, from the disk. Nothing in it is executed.

import { buffer } from "node:stream/consumers";
import { FormatError } from "../../engine/core/errors.ts";
import { type NpyArray, parseNpy } from "../../io/npy.ts";
import { ZipArchive } from "../../io/zip-archive.ts";
import { MOST_ARRAY_BYTES, npzData } from "./npz-arrays.ts";
import { type DataSource, titleOfPath } from "./source.ts";

export const NPZ: DataSource = {
  what: "an .npz with x_train, y_train, x_test and y_test",

  recognise: ({ isFolder, names: [name = ""] }) => !isFolder && /\.npz$/i.test(name),

  async load({ path }, request) {
    const zip = await ZipArchive.open(path, "is it an .npz file?");
    try {
      const array = async (name: string): Promise<NpyArray> => {
        const found = await readArray(zip, name);
        if (name.startsWith("x")) request.progress({ label: `reading ${name}`, fraction: 1 });
        return found;
      };
      return await npzData({ path, title: titleOfPath(path), array }, request);
    } finally {
      zip.close();
    }
  },
};

async function readArray(zip: ZipArchive, name: string): Promise<NpyArray> {
  const entry = `${name}.npy`;
  const size = zip.size(entry);
  if (size > MOST_ARRAY_BYTES) {
    throw new FormatError(`${zip.path}: ${name}: must be at most 2 GiB, got ${size} bytes`);
  }
  return parseNpy(await buffer(await zip.stream(entry)), `${zip.path}: ${name}`);
}
