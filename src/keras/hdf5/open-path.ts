// Opens HDF5 files of the disk, which libhdf5 reads in a thread of its own.

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { FormatError } from "../../engine/core/errors.ts";
import { Hdf5File } from "./file.ts";
import { checkSignature } from "./signature.ts";
import { unreadable } from "./source.ts";
import { Hdf5Thread } from "./thread.ts";

export interface OpenOptions {
  /** Runs libhdf5 for several files in turn; default: one of its own, ended by `close`. */
  readonly thread?: Hdf5Thread;
  /** Name in messages, where it is not the path. */
  readonly name?: string;
}

/** Throws FormatError for what is no HDF5 file, or a damaged one, and what the file system throws. */
export async function openHdf5(path: string, options: OpenOptions = {}): Promise<Hdf5File> {
  const name = options.name ?? path;
  const bytes = checkFile(path, name);
  const thread = options.thread ?? new Hdf5Thread();
  const ownsThread = options.thread === undefined;
  const reply = await thread.ask({ kind: "open", path: resolve(path) });
  if (!reply.ok) {
    if (ownsThread) thread.stop();
    throw unreadable({ name, bytes }, reply);
  }
  return new Hdf5File({
    ...{ name, bytes, nodes: reply.nodes ?? [], window: thread.window },
    read: (request) => thread.read(request),
    close: async () => {
      if (ownsThread) thread.stop();
      else if (thread.isAlive) await thread.ask({ kind: "close" });
    },
  });
}

/** Returns the file's size. */
function checkFile(path: string, name: string): number {
  const found = statSync(path);
  if (!found.isFile()) throw new FormatError(`${name}: must be an HDF5 file, got no regular file`);
  const file = openSync(path, "r");
  try {
    checkSignature(name, (offset, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
    });
    return found.size;
  } finally {
    closeSync(file);
  }
}
