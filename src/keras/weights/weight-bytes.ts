// A file of Keras weights in memory, of any format that Keras has written: recognised, opened and described.

import { ZipBytes } from "../../io/zip-bytes.ts";
import type { Hdf5Library } from "../hdf5/library.ts";
import { openHdf5Bytes } from "../hdf5/open-bytes.ts";
import {
  ARCHIVE_WEIGHTS,
  describeArchiveFile,
  describeWeightFile,
  readArchiveTexts,
} from "./described-file.ts";
import { foreignError, kindOfHead, kindOfName } from "./foreign-kinds.ts";
import type { WeightFile } from "./saved-weights.ts";

interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Reads its structure, not its data. Throws FormatError. */
export async function openWeightBytes(
  { name, bytes }: NamedBytes,
  library: Hdf5Library,
): Promise<WeightFile> {
  const foreign = kindOfName(name.replace(/^.*\//, "")) ?? kindOfHead(bytes);
  if (foreign) throw foreignError(name, foreign);
  if (isZip(bytes)) return openArchive({ name, bytes }, library);
  const file = openHdf5Bytes(name, bytes, library);
  try {
    return describeWeightFile(name, file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openArchive({ name, bytes }: NamedBytes, library: Hdf5Library): Promise<WeightFile> {
  const zip = new ZipBytes(name, bytes, "is it a .keras file?");
  const description = await readArchiveTexts(zip);
  const weights = zip.unpacked(ARCHIVE_WEIGHTS);
  const file = openHdf5Bytes(`${name}: ${ARCHIVE_WEIGHTS}`, weights, library);
  const close = () => file.close();
  try {
    return describeArchiveFile(description, { file, close });
  } catch (error) {
    await close();
    throw error;
  }
}

function isZip(bytes: Uint8Array): boolean {
  return [0x50, 0x4b, 0x03, 0x04].every((byte, index) => bytes[index] === byte);
}
