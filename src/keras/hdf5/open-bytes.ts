// HDF5 files in memory, read and written by libhdf5 in this thread.

import { messageOf, VitrineError } from "../../engine/core/errors.ts";
import { Hdf5File } from "./file.ts";
import { type Hdf5Contents, unwritten, writeRequests } from "./layout.ts";
import type { Hdf5Library } from "./library.ts";
import { checkSignature } from "./signature.ts";
import { unreadable, WINDOW_LENGTH } from "./source.ts";

/** Throws FormatError for what is no HDF5 file, or a damaged one. */
export function openHdf5Bytes(name: string, bytes: Uint8Array, library: Hdf5Library): Hdf5File {
  checkSignature(name, (offset, length) => bytes.subarray(offset, offset + length));
  const window = new Float32Array(WINDOW_LENGTH);
  const { opened, read, close } = library.openBytes(bytes, window.buffer);
  if (!opened.ok) throw unreadable({ name, bytes: bytes.length }, opened);
  return new Hdf5File({
    ...{ name, bytes: bytes.length, nodes: opened.nodes ?? [], window, read },
    close: async () => close(),
  });
}

/** The bytes of a file. Throws VitrineError, naming it, as writer.ts does. */
export function hdf5Bytes(contents: Hdf5Contents, library: Hdf5Library): Uint8Array {
  try {
    return library.writtenBytes((path) => writeRequests(path, contents));
  } catch (error) {
    if (error instanceof VitrineError) throw error;
    throw unwritten(contents.name, messageOf(error));
  }
}
