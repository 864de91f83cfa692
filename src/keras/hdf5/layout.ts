// What is to be written into an HDF5 file, as a plan of groups, attributes and data sets, and the order in which it is: whoever runs
// libhdf5 is handed it piece by piece (writer.ts, bytes-writer.ts). It knows nothing of Keras.

import { VitrineError } from "../../engine/core/errors.ts";
import { formatShape, sizeOf } from "../../engine/core/shape.ts";
import { innermostError } from "./error.mjs";

export type Hdf5Attribute =
  /** A scalar string of variable length. */
  | { readonly kind: "utf8"; readonly value: string }
  /** A scalar, or a list, of strings of variable length. */
  | { readonly kind: "ascii"; readonly value: string | readonly string[] }
  /** A list of strings, each as long as the longest and its closing zero. */
  | { readonly kind: "fixed"; readonly value: readonly string[] }
  /** A list of nothing, which NumPy takes for float64 of shape (0). */
  | { readonly kind: "empty" };

export interface Hdf5Group {
  readonly path: string;
  readonly attributes?: Readonly<Record<string, Hdf5Attribute>>;
}

/** A second name of a group. */
export interface Hdf5Link {
  readonly path: string;
  readonly target: string;
}

export interface Hdf5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
  /** Default f32. */
  readonly dtype?: "i64";
}

/** What fills a data set, by the name that the layout has for it, one at a time; of its type. */
export type ValueStream = Iterable<readonly [name: string, data: Float32Array | BigInt64Array]>;

export interface Hdf5Layout {
  /** Parents before children; the root `/` only for its attributes. */
  readonly groups: readonly Hdf5Group[];
  /** Made when the groups are there; default: none. */
  readonly links?: readonly Hdf5Link[];
  /** Datasets by the name of the variable that fills them. */
  readonly variables: ReadonlyMap<string, Hdf5Dataset>;
}

export interface Hdf5Contents {
  /** What errors call the file. */
  readonly name: string;
  readonly layout: Hdf5Layout;
  readonly weights: ValueStream;
}

/** What libhdf5 is asked, in this order; pieces of a data set one after another. */
export type WriteRequest =
  | {
      readonly kind: "open";
      readonly path: string;
      readonly groups: readonly Hdf5Group[];
      readonly links: readonly Hdf5Link[];
    }
  /** What stands `at` bytes into the `total` of the data set. */
  | {
      readonly kind: "piece";
      readonly dataset: Hdf5Dataset;
      readonly at: number;
      readonly bytes: Uint8Array;
      readonly total: number;
    }
  | { readonly kind: "close" };

/** How much of a weight is handed over at once; more is not faster. */
export const PIECE_BYTES = 2 ** 24;

/** Throws VitrineError, naming the file, for a weight that the layout lacks, and for one that is missing at the end. */
export function* writeRequests(
  path: string,
  { name, layout, weights }: Hdf5Contents,
): Generator<WriteRequest> {
  const { groups, links = [] } = layout;
  yield { kind: "open", path, groups, links };
  const missing = new Set(layout.variables.keys());
  for (const [variable, data] of weights) {
    const dataset = placeOf(variable, data, { name, layout });
    const { buffer, byteOffset, byteLength: total } = data;
    for (let at = 0; at < total; at += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, total - at);
      const bytes = new Uint8Array(buffer, byteOffset + at, length);
      yield { kind: "piece", dataset, at, bytes, total };
    }
    missing.delete(variable);
  }
  const [first] = missing;
  if (first !== undefined) {
    throw new VitrineError(`${name}: weights must be complete, got none for ${first}`);
  }
  yield { kind: "close" };
}

function placeOf(
  variable: string,
  { length }: Float32Array | BigInt64Array,
  { name, layout }: Pick<Hdf5Contents, "name" | "layout">,
): Hdf5Dataset {
  const place = layout.variables.get(variable);
  if (place && sizeOf(place.shape) === length) return place;
  const found = place ? formatShape(place.shape) : "no such variable";
  throw new VitrineError(`${name}: ${variable}: cannot take ${length} values, got ${found}`);
}

/** What libhdf5 could not do, such as writing to a full disk: in the system's words, or else in its own. */
export function unwritten(name: string, reason: string): VitrineError {
  const system = /error message = '([^']+)'/.exec(reason)?.[1];
  const got = system === undefined ? innermostError(reason) : system.toLowerCase();
  return new VitrineError(`${name}: cannot be written, got ${got}`);
}
