// Writes an HDF5 file of groups, attributes and datasets from a plan, through libhdf5 (h5wasm). Weights pass one at a
// time. It knows nothing of Keras, and it does not replace files: the caller gives it a temporary name.

import { File, type Group, ready } from "h5wasm/node";
import { VitrineError } from "../engine/core/errors.ts";
import { formatShape, sizeOf } from "../engine/core/shape.ts";
import type { WeightStream } from "./exported-model.ts";

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

export interface Hdf5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
}

export interface Hdf5Layout {
  /** Parents before children; the root `/` only for its attributes. */
  readonly groups: readonly Hdf5Group[];
  /** Datasets of f32 by the name of the variable that fills them. */
  readonly variables: ReadonlyMap<string, Hdf5Dataset>;
}

export interface Hdf5Request {
  /** Where the bytes go. */
  readonly path: string;
  /** What errors call the file. */
  readonly name: string;
  readonly layout: Hdf5Layout;
  readonly weights: WeightStream;
}

/** Throws VitrineError, naming the file, for a weight that the layout lacks or that is missing, and what libhdf5 throws. */
export async function writeHdf5({ path, name, layout, weights }: Hdf5Request): Promise<void> {
  const library = await ready;
  // Otherwise a full disk is a return value that nobody looks at.
  library.activate_throwing_error_handler();
  try {
    const file = new File(path, "w", { libver: ["earliest", "latest"] });
    try {
      writeGroups(file, layout);
      writeWeights(file, layout, weights);
    } finally {
      file.close();
    }
  } catch (cause) {
    if (cause instanceof VitrineError) throw new VitrineError(`${name}: ${cause.message}`);
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new VitrineError(`${name}: cannot be written, got ${what.split("\n")[0]}`, { cause });
  } finally {
    library.deactivate_throwing_error_handler();
  }
}

function writeGroups(file: File, { groups }: Hdf5Layout): void {
  for (const { path, attributes = {} } of groups) {
    const group = path === "/" ? file : file.create_group(path);
    for (const [key, attribute] of Object.entries(attributes)) {
      writeAttribute(group, key, attribute);
    }
  }
}

function writeAttribute(group: Group, key: string, attribute: Hdf5Attribute): void {
  if (attribute.kind === "empty") {
    group.create_attribute(key, new Float64Array(), [0], "<d");
    return;
  }
  const { kind, value } = attribute;
  if (typeof value === "string") {
    group.create_attribute(key, value, [], kind === "utf8" ? "S" : "A");
    return;
  }
  const longest = Math.max(...value.map((text) => Buffer.byteLength(text)));
  const dtype = kind === "fixed" ? `A${longest + 1}` : "A";
  group.create_attribute(key, [...value], [value.length], dtype);
}

function writeWeights(file: File, { variables }: Hdf5Layout, weights: WeightStream): void {
  const missing = new Set(variables.keys());
  for (const [name, data] of weights) {
    const place = variables.get(name);
    if (!place || sizeOf(place.shape) !== data.length) {
      const found = place ? formatShape(place.shape) : "no such variable";
      throw new VitrineError(`${name}: cannot take ${data.length} values, got ${found}`);
    }
    file.create_dataset({ name: place.path, data, shape: [...place.shape], dtype: "<f" });
    missing.delete(name);
  }
  const [first] = missing;
  if (first !== undefined) {
    throw new VitrineError(`weights: must have every variable, got none for ${first}`);
  }
}
