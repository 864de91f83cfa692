// libhdf5 in the reader's own thread (in-memory.mjs), as those see it who have files in memory. It is handed in, because it is large:
// only who has such a file loads it.

import type { WriteRequest } from "./layout.ts";
import type { Hdf5Reply, ReadRequest } from "./source.ts";

/** What in-memory.mjs exports. */
export interface Hdf5Library {
  openBytes(bytes: Uint8Array, window: ArrayBuffer): OpenedBytes;
  writtenBytes(requests: (path: string) => Iterable<WriteRequest>): Uint8Array;
}

export interface OpenedBytes {
  readonly opened: Hdf5Reply;
  read(request: ReadRequest): Hdf5Reply;
  close(): void;
}
