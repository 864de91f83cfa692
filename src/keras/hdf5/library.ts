// libhdf5 in the reader's own thread (in-memory.mjs), as those see it who have files in memory. It is handed in, because only a page
// knows where the file lies that it is loaded from.

import type { WriteRequest } from "./layout.ts";
import type { Hdf5Reply, ReadRequest } from "./source.ts";

/** What in-memory.mjs exports. */
export interface Hdf5Library {
  /** Whether a file has broken it; another one has to be loaded then. */
  readonly isBroken: boolean;
  openBytes(bytes: Uint8Array, window: ArrayBuffer): OpenedBytes;
  writtenBytes(requests: (path: string) => Iterable<WriteRequest>): Uint8Array;
}

export interface OpenedBytes {
  readonly opened: Hdf5Reply;
  read(request: ReadRequest): Hdf5Reply;
  close(): void;
}
