// Where the contents of an HDF5 file come from, whoever runs libhdf5: a thread of Node's (open-path.ts), or the reader's own
// (open-bytes.ts). What is asked and replied can be sent between threads.

import { FormatError } from "../../engine/core/errors.ts";
import type { Hdf5Node } from "./tree.ts";

export type FloatType = "float16" | "bfloat16" | "float32" | "float64";
export type IntegerType = "int32" | "int64";

export interface ReadRequest {
  readonly kind: "read";
  readonly path: string;
  readonly start: readonly number[];
  readonly count: readonly number[];
  /** Of an element. */
  readonly bytes: number;
  /** An integer comes alone, as the window's first float64. */
  readonly type: FloatType | IntegerType;
}

export type Hdf5Request =
  /** Closes the one that was open. */
  { readonly kind: "open"; readonly path: string } | ReadRequest | { readonly kind: "close" };

export type Hdf5Reply =
  | { readonly ok: true; readonly nodes: readonly Hdf5Node[] | null }
  | {
      readonly ok: false;
      /** Path within the file; empty: the file as a whole. */
      readonly where: string;
      /** In libhdf5's words; may be empty. */
      readonly reason: string;
      /** It cannot be asked again. */
      readonly isBroken: boolean;
    };

/** Elements that one read can hand over: 16 MB, more is not faster. */
export const WINDOW_LENGTH = 2 ** 22;

/** A file that is open. */
export interface Hdf5Source {
  /** As messages call it. */
  readonly name: string;
  /** Of the file. */
  readonly bytes: number;
  readonly nodes: readonly Hdf5Node[];
  /** What the last read has filled. */
  readonly window: Float32Array;
  read(request: ReadRequest): Hdf5Reply;
  close(): Promise<void>;
}

export const TRUNCATED = "the file is damaged or was not copied whole; get it again";

/** Why a request was not done. */
export function unreadable(
  { name, bytes }: Pick<Hdf5Source, "name" | "bytes">,
  { where, reason }: Extract<Hdf5Reply, { ok: false }>,
): FormatError {
  const place = where === "" || where === "/" ? name : `${name}: ${where}`;
  const wanted = /^truncated file: .*stored_eof = (\d+)/.exec(reason)?.[1];
  if (wanted !== undefined) {
    const got = `${bytes} of ${wanted} bytes`;
    return new FormatError(`${place}: must be complete, got ${got}`, { help: TRUNCATED });
  }
  const got = reason === "" ? "" : `, got ${JSON.stringify(reason)} from libhdf5`;
  return new FormatError(`${place}: must be sound HDF5${got}`, { help: TRUNCATED });
}
