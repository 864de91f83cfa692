// What libhdf5 (as WebAssembly, by h5wasm) is asked of files: opens one at a time, lists what is in it, reads pieces of data
// sets. It knows neither threads nor where files lie, and decides nothing about Keras. Plain JavaScript, since worker threads
// of Node 20 are started without the loader that reads TypeScript (worker.mjs); a page's worker reads it too (in-memory.mjs).

/** @typedef {import("./tree.ts").Hdf5Node} Hdf5Node */
/** @typedef {import("./tree.ts").AttributeValue} AttributeValue */
/** @typedef {import("./tree.ts").DatasetInfo} DatasetInfo */
/** @typedef {import("./source.ts").Hdf5Request} Hdf5Request */
/** @typedef {import("./source.ts").ReadRequest} ReadRequest */
/** @typedef {import("./source.ts").Hdf5Reply} Hdf5Reply */
/** @typedef {import("./guarded.mjs").GuardedHdf5} GuardedHdf5 */

/** A file that links an object to itself has endless paths. */
const MOST_OBJECTS = 50_000;
const MOST_LEVELS = 64;
/** Without the strings of variable length that it points to. Keras splits attributes at 63 KB; HDF5 has a way beyond. */
const MOST_ATTRIBUTE_BYTES = 2 ** 17;
const MOST_TEXT_BYTES = 2 ** 26;
/** H5G_obj_t: what get_type answers. */
const [GROUP, DATASET] = [0, 1];
/** H5T_class_t */
const [INTEGER, FLOAT, STRING] = [0, 1, 3];

const utf8 = new TextDecoder("utf-8", { fatal: true });

export class Hdf5Reading {
  #h5;
  #reasonOf;
  #window;
  #onProgress;
  #file = -1n;
  /** Where the last call was, for the message of the error that it may throw. */
  #where = "/";

  /**
   * @param {GuardedHdf5} libhdf5
   * @param {ArrayBufferLike} window where values are put
   * @param {() => void} onProgress one more object is listed
   */
  constructor({ h5, reasonOf }, window, onProgress = () => {}) {
    this.#h5 = h5;
    this.#reasonOf = reasonOf;
    this.#window = window;
    this.#onProgress = onProgress;
  }

  /**
   * @param {Hdf5Request} request
   * @returns {Hdf5Reply}
   */
  serve(request) {
    try {
      return { ok: true, nodes: this.#answer(request) };
    } catch (error) {
      // A trap, an abort, an exit: nothing in there can be trusted any more.
      const isBroken = !(error instanceof Error) || error instanceof WebAssembly.RuntimeError;
      return { ok: false, where: this.#where, reason: this.#reasonOf(error), isBroken };
    }
  }

  /**
   * @param {Hdf5Request} request
   * @returns {readonly Hdf5Node[] | null}
   */
  #answer(request) {
    if (request.kind === "read") return this.#read(request);
    this.#close();
    return request.kind === "open" ? this.#open(request.path) : null;
  }

  /** @param {string} path */
  #open(path) {
    this.#where = "";
    this.#file = this.#h5.open(path, this.#h5.H5F_ACC_RDONLY, false, -1, -1);
    if (this.#file < 0n) throw new Error("cannot be opened");
    return this.#list();
  }

  #close() {
    const last = this.#file;
    this.#file = -1n;
    if (last >= 0n) this.#h5.close_file(last);
  }

  /** Every object below the root, parents first, children in stored order. */
  #list() {
    /** @type {Hdf5Node[]} */
    const nodes = [];
    /** @type {{ path: string, level: number }[]} */
    const waiting = [{ path: "/", level: 0 }];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { path, level } = next;
      this.#where = path;
      this.#onProgress();
      if (nodes.length >= MOST_OBJECTS) throw new Error(`more than ${MOST_OBJECTS} objects`);
      if (level > MOST_LEVELS) throw new Error(`groups within groups, ${MOST_LEVELS} deep`);
      const node = this.#describe(path);
      nodes.push(node);
      const children = node.children.map((name) => ({
        path: path === "/" ? `/${name}` : `${path}/${name}`,
        level: level + 1,
      }));
      waiting.push(...children.reverse());
    }
    return nodes;
  }

  /**
   * @param {string} path
   * @returns {Hdf5Node}
   */
  #describe(path) {
    const [h5, file] = [this.#h5, this.#file];
    if (path !== "/" && this.#isLink(path)) return plain(path, "link");
    const type = h5.get_type(file, path);
    if (type !== GROUP && type !== DATASET) return plain(path, "other");
    const attributes = h5.get_attribute_names(file, path).map((name) => {
      const entry = /** @type {const} */ ([name, this.#readAttribute(path, name)]);
      return entry;
    });
    if (type === DATASET) {
      const dataset = this.#describeDataset(path);
      return { path, kind: "dataset", attributes, children: [], dataset };
    }
    return { path, kind: "group", attributes, children: h5.get_names(file, path, false) };
  }

  /** @param {string} path */
  #isLink(path) {
    if (this.#h5.get_symbolic_link(this.#file, path) !== null) return true;
    return Object.keys(this.#h5.get_external_link(this.#file, path) ?? {}).length > 0;
  }

  /**
   * @param {string} path
   * @returns {DatasetInfo}
   */
  #describeDataset(path) {
    const [h5, file] = [this.#h5, this.#file];
    const { shape, type, size, signed, littleEndian, chunks, virtual_sources } =
      h5.get_dataset_metadata(file, path);
    return {
      shape,
      type: type === FLOAT ? "float" : type === INTEGER ? (signed ? "int" : "uint") : "other",
      bytes: size,
      littleEndian,
      chunks,
      isVirtual: virtual_sources !== undefined,
      filters: chunks === null ? [] : h5.get_dataset_filters(file, path).map(({ id }) => id),
    };
  }

  /**
   * @param {string} path
   * @param {string} name
   * @returns {AttributeValue}
   */
  #readAttribute(path, name) {
    const [h5, file] = [this.#h5, this.#file];
    const metadata = h5.get_attribute_metadata(file, path, name);
    const { type, size, shape, total_size: total, vlen } = metadata;
    // Keras's empty list of names is an empty list of float64.
    if (shape === null || total === 0) return { isList: true, strings: [] };
    if (type !== STRING) return { problem: "a number or a record" };
    const bytes = size * total;
    if (!(bytes <= MOST_ATTRIBUTE_BYTES)) return { problem: `${bytes} bytes` };
    const pointer = this.#allocate(bytes);
    try {
      h5.get_attribute_data(file, path, name, BigInt(pointer));
      const pieces = vlen
        ? variableStrings(h5.HEAPU8, pointer, total)
        : fixedStrings(h5.HEAPU8, { pointer, size, total });
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
      if (length > MOST_TEXT_BYTES) return { problem: `${length} bytes` };
      return { isList: shape.length > 0, strings: pieces.map((piece) => utf8.decode(piece)) };
    } catch (error) {
      if (error instanceof TypeError) return { problem: "bytes that are no UTF-8" };
      throw error;
    } finally {
      if (vlen) h5.reclaim_vlen_memory(file, path, name, BigInt(pointer));
      h5._free(pointer);
    }
  }

  /** @param {number} bytes */
  #allocate(bytes) {
    const h5 = this.#h5;
    const pointer = h5._malloc(Math.max(1, bytes));
    if (pointer === 0) throw new Error(`no memory for ${bytes} bytes`);
    // Nothing that libhdf5 failed to write is taken for a pointer.
    h5.HEAPU8.fill(0, pointer, pointer + bytes);
    return pointer;
  }

  /**
   * Reads a block of a data set into the window, as float32.
   * @param {ReadRequest} request
   */
  #read({ path, start, count, bytes, type }) {
    this.#where = path;
    const h5 = this.#h5;
    const length = count.reduce((product, extent) => product * extent, 1);
    const pointer = this.#allocate(length * bytes);
    try {
      const big = (/** @type {readonly number[]} */ list) => list.map(BigInt);
      const [counts, starts] = count.length === 0 ? [null, null] : [big(count), big(start)];
      const strides = counts?.map(() => 1n) ?? null;
      const place = BigInt(pointer);
      const status = h5.get_dataset_data(this.#file, path, counts, starts, strides, place);
      if (status < 0) throw new Error("data cannot be read");
      this.#put({ buffer: h5.HEAPU8.buffer, pointer, length }, type);
    } finally {
      h5._free(pointer);
    }
    return null;
  }

  /**
   * @param {{ buffer: ArrayBufferLike, pointer: number, length: number }} place
   * @param {ReadRequest["type"]} type
   */
  #put({ buffer, pointer, length }, type) {
    const floats = new Float32Array(this.#window);
    const doubles = new Float64Array(this.#window, 0, 1);
    if (type === "float32") floats.set(new Float32Array(buffer, pointer, length));
    else if (type === "float64") floats.set(new Float64Array(buffer, pointer, length));
    else if (type === "int32") doubles[0] = new Int32Array(buffer, pointer, 1)[0] ?? 0;
    else if (type === "int64") doubles[0] = Number(new BigInt64Array(buffer, pointer, 1)[0]);
    else widen(new Uint16Array(buffer, pointer, length), type, floats);
  }
}

/**
 * @param {string} path
 * @param {"link" | "other"} kind
 * @returns {Hdf5Node}
 */
const plain = (path, kind) => ({ path, kind, attributes: [], children: [] });

/**
 * @param {Uint8Array} heap
 * @param {{ pointer: number, size: number, total: number }} place
 */
function fixedStrings(heap, { pointer, size, total }) {
  return Array.from({ length: total }, (_, i) => {
    const start = pointer + i * size;
    const bytes = heap.subarray(start, start + size);
    const end = bytes.indexOf(0);
    return end < 0 ? bytes : bytes.subarray(0, end);
  });
}

/**
 * @param {Uint8Array} heap
 * @param {number} pointer
 * @param {number} total
 */
function variableStrings(heap, pointer, total) {
  const pointers = new Uint32Array(heap.buffer, pointer, total);
  return Array.from(pointers, (start) => {
    const end = start === 0 ? 0 : heap.indexOf(0, start);
    return heap.subarray(start, end);
  });
}

/**
 * @param {Uint16Array} halves
 * @param {"float16" | "bfloat16"} type
 * @param {Float32Array} floats
 */
function widen(halves, type, floats) {
  if (type === "bfloat16") {
    const bits = new Uint32Array(floats.buffer);
    for (const [i, half] of halves.entries()) bits[i] = half << 16;
    return;
  }
  for (const [i, half] of halves.entries()) {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0x1f) floats[i] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    else if (exponent === 0) floats[i] = sign * fraction * 2 ** -24;
    else floats[i] = sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
}
