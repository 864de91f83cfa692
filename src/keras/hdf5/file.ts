// An HDF5 file, read through libhdf5 and distrusted: what it holds is listed once, its data are read on demand, and no
// size is believed before it is compared with the file's own. All that is wrong with it becomes a FormatError
// `FILE: /path: rule, got …`. Nothing here knows Keras or where the file lies, and nothing writes.

import { FormatError } from "../../engine/core/errors.ts";
import { formatShape, type Shape, sizeOf } from "../../engine/core/shape.ts";
import { blocksOf } from "./blocks.ts";
import { type FloatType, type Hdf5Source, TRUNCATED, unreadable, WINDOW_LENGTH } from "./source.ts";
import type { AttributeValue, DatasetInfo, Hdf5Node } from "./tree.ts";

/** Weights have four axes; NumPy has at most 64. */
const MOST_AXES = 8;
/** Deflate, shuffle, Fletcher's checksum: what h5py offers without a plug-in, and libhdf5 always reads. */
const KNOWN_FILTERS: ReadonlySet<number> = new Set([1, 2, 3]);
const DEFLATE = 1;
/** A byte of deflate stands for at most so many. */
const MOST_EXPANSION = 1032;
/** A piece of compressed data has to fit into memory as a whole. */
const MOST_CHUNK_BYTES = 2 ** 28;

export interface Hdf5Dataset {
  readonly path: string;
  readonly shape: Shape;
  /** `float32`, `int64`, `other`. */
  readonly dtype: string;
}

export class Hdf5File {
  /** As messages call it. */
  readonly name: string;
  /** Of the file. */
  readonly bytes: number;
  readonly #source: Hdf5Source;
  readonly #nodes: ReadonlyMap<string, Hdf5Node>;

  constructor(source: Hdf5Source) {
    this.name = source.name;
    this.bytes = source.bytes;
    this.#source = source;
    this.#nodes = new Map(source.nodes.map((node) => [node.path, node]));
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  /** True for a group, false for nothing of that name; anything else is refused. */
  hasGroup(path: string): boolean {
    return this.#find(path, "group") !== undefined;
  }

  /** Paths of what a group holds. */
  children(path: string): readonly string[] {
    const node = this.#find(path, "group");
    if (!node) throw this.error(path, "must be there, and is missing");
    return node.children.map((name) => join(path, name));
  }

  isDataset(path: string): boolean {
    return this.#nodes.get(path)?.kind === "dataset";
  }

  /** Throws FormatError for a shape that no sound file of this size can have. */
  dataset(path: string): Hdf5Dataset {
    const info = this.#find(path, "dataset")?.dataset;
    if (!info) throw this.error(path, "must be there, and is missing");
    const shape = this.#checkedShape(path, info);
    return { path, shape, dtype: this.#dtype(path, info) };
  }

  /** The values as float32; other sizes of floats are converted, other types refused. A new array each time. */
  read(path: string): Float32Array<ArrayBuffer> {
    const { shape, dtype } = this.dataset(path);
    const info = this.#find(path, "dataset")?.dataset;
    if (!info || !isFloat(dtype)) throw this.error(path, `must hold floats, got ${dtype}`);
    const data = new Float32Array(sizeOf(shape));
    let done = 0;
    const chunkRows = info.chunks?.[0] ?? 1;
    for (const { start, count } of blocksOf({ shape, chunkRows, most: WINDOW_LENGTH })) {
      const request = { kind: "read", path, start, count, bytes: info.bytes, type: dtype } as const;
      const reply = this.#source.read(request);
      if (!reply.ok) throw unreadable(this, reply);
      const length = sizeOf(count);
      data.set(this.#source.window.subarray(0, length), done);
      done += length;
    }
    return data;
  }

  /** The value of a data set that is one integer. */
  readInteger(path: string): number {
    const { shape, dtype: type } = this.dataset(path);
    if (sizeOf(shape) !== 1 || (type !== "int32" && type !== "int64")) {
      throw this.error(path, `must hold an integer, got ${type} of ${formatShape(shape)}`);
    }
    const bytes = type === "int64" ? 8 : 4;
    const whole = { start: shape.map(() => 0), count: shape };
    const reply = this.#source.read({ kind: "read", path, ...whole, bytes, type });
    if (!reply.ok) throw unreadable(this, reply);
    return new Float64Array(this.#source.window.buffer, 0, 1)[0] ?? 0;
  }

  /** An attribute that is one text; undefined where there is none. */
  text(path: string, attribute: string): string | undefined {
    const found = this.#attribute(path, attribute);
    if (!found) return undefined;
    const [text, ...more] = "problem" in found ? [] : found.strings;
    if (text !== undefined && more.length === 0) return text;
    throw this.error(`${path}@${attribute}`, `must be a text, got ${describe(found)}`);
  }

  /** An attribute that is a list of texts, also where it is split into `name0`, `name1`, …; undefined where there is none. */
  texts(path: string, attribute: string): readonly string[] | undefined {
    const whole = this.#list(path, attribute);
    if (whole) return whole;
    const parts: (readonly string[])[] = [];
    for (let part = this.#list(path, `${attribute}0`); part; ) {
      parts.push(part);
      part = this.#list(path, `${attribute}${parts.length}`);
    }
    return parts.length > 0 ? parts.flat() : undefined;
  }

  /** `FILE: /path: rule, got …` */
  error(path: string, rule: string, help?: string): FormatError {
    const where = path === "" || path === "/" ? this.name : `${this.name}: ${path}`;
    return new FormatError(`${where}: ${rule}`, help === undefined ? {} : { help });
  }

  #list(path: string, attribute: string): readonly string[] | undefined {
    const found = this.#attribute(path, attribute);
    if (!found) return undefined;
    if (!("problem" in found) && found.isList) return found.strings;
    throw this.error(`${path}@${attribute}`, `must be a list of texts, got ${describe(found)}`);
  }

  #attribute(path: string, attribute: string): AttributeValue | undefined {
    return this.#nodes.get(path)?.attributes.find(([name]) => name === attribute)?.[1];
  }

  #find(path: string, kind: Hdf5Node["kind"]): Hdf5Node | undefined {
    const node = this.#nodes.get(path);
    if (!node || node.kind === kind) return node;
    const got = node.kind === "link" ? "a link to elsewhere" : `a ${node.kind}`;
    throw this.error(path, `must be a ${kind}, got ${got}`);
  }

  #dtype(path: string, { type, bytes }: DatasetInfo): string {
    const flag = this.#attribute(path, "dtype");
    const isBrain = flag !== undefined && !("problem" in flag) && flag.strings[0] === "bfloat16";
    if (isBrain && bytes === 2) return "bfloat16";
    return type === "other" ? "other" : `${type}${8 * bytes}`;
  }

  #checkedShape(path: string, info: DatasetInfo): Shape {
    const { shape, bytes, chunks, filters } = info;
    if (info.isVirtual) throw this.error(path, "must hold its data, got a virtual data set");
    if (!shape) throw this.error(path, "must hold data, got none");
    if (shape.length > MOST_AXES) {
      throw this.error(path, `must have at most ${MOST_AXES} axes, got ${shape.length}`);
    }
    const other = filters.find((filter) => !KNOWN_FILTERS.has(filter));
    if (other !== undefined) {
      throw this.error(path, `must be plain or deflated, got HDF5 filter ${other}`);
    }
    const isDeflated = filters.includes(DEFLATE);
    this.#checkSize(path, { shape, bytes, most: this.bytes * (isDeflated ? MOST_EXPANSION : 1) });
    const most = MOST_CHUNK_BYTES;
    if (chunks) this.#checkSize(path, { shape: chunks, bytes, most, what: "chunks" });
    return shape;
  }

  #checkSize(path: string, { shape, bytes, most, what = "shape" }: SizeClaim): void {
    const size = sizeOf(shape) * bytes;
    if (size <= most) return;
    const got = `${what} ${formatShape(shape)} of ${size} bytes in a file of ${this.bytes}`;
    throw this.error(path, `must fit in the file, got ${got}`, TRUNCATED);
  }
}

interface SizeClaim {
  readonly shape: Shape;
  /** Of an element. */
  readonly bytes: number;
  readonly most: number;
  readonly what?: string;
}

export function join(path: string, name: string): string {
  return path === "/" ? `/${name}` : `${path}/${name}`;
}

function isFloat(dtype: string): dtype is FloatType {
  return ["float16", "bfloat16", "float32", "float64"].includes(dtype);
}

function describe(value: AttributeValue): string {
  if ("problem" in value) return value.problem;
  return value.isList ? `a list of ${value.strings.length}` : "a single text";
}
