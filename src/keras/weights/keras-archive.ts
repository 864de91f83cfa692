// A `.keras` file: a zip of config.json, metadata.json and model.weights.h5. The last is unpacked into a temporary file,
// since HDF5 is read at random; that file is gone when the archive is closed, or turns out to be unreadable.

import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { VitrineError } from "../../engine/core/errors.ts";
import { ZipArchive } from "../../io/zip-archive.ts";
import type { Hdf5File } from "../hdf5/file.ts";
import { type OpenOptions, openHdf5 } from "../hdf5/open-path.ts";
import { ARCHIVE_WEIGHTS, describeArchiveFile, readArchiveTexts } from "./described-file.ts";
import type { WeightFile } from "./saved-weights.ts";

/** Throws FormatError for an archive that is damaged, or holds no model. */
export async function openArchive(
  path: string,
  options: Pick<OpenOptions, "thread">,
): Promise<WeightFile> {
  const zip = await ZipArchive.open(path, "is it a .keras file?");
  try {
    const description = await readArchiveTexts(zip);
    const opened = await unpack(zip, options);
    try {
      return describeArchiveFile(description, opened);
    } catch (error) {
      await opened.close();
      throw error;
    }
  } finally {
    zip.close();
  }
}

interface Unpacked {
  readonly file: Hdf5File;
  readonly close: () => Promise<void>;
}

async function unpack(zip: ZipArchive, { thread }: Pick<OpenOptions, "thread">): Promise<Unpacked> {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-h5-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const target = join(folder, ARCHIVE_WEIGHTS);
    await write(zip, target);
    const name = `${zip.path}: ${ARCHIVE_WEIGHTS}`;
    const file = await openHdf5(target, thread ? { name, thread } : { name });
    // Where the system allows it, the name goes now and the data with the last reader, even if that one is killed.
    await remove().catch(() => undefined);
    const close = async () => {
      await file.close();
      await remove();
    };
    return { file, close };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function write(zip: ZipArchive, target: string): Promise<void> {
  const source = await zip.stream(ARCHIVE_WEIGHTS);
  try {
    await pipeline(source, createWriteStream(target));
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause) || "errno" in cause === false) throw cause;
    const rule = `${ARCHIVE_WEIGHTS} must be unpacked to a temporary file`;
    throw new VitrineError(`${zip.path}: ${rule}, got ${cause.code} in ${tmpdir()}`, {
      cause,
      help: "TMPDIR names another folder for temporary files",
    });
  }
}
