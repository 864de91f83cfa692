// What libhdf5 (as WebAssembly, by h5wasm) does to write one file: its groups first, then data sets that arrive in pieces. It knows
// neither threads nor where the file lies. Plain JavaScript, for the same reasons as reading.mjs.

/** @typedef {import("./layout.ts").WriteRequest} WriteRequest */
/** @typedef {import("./layout.ts").Hdf5Attribute} Hdf5Attribute */
/** @typedef {import("./layout.ts").Hdf5Group} Hdf5Group */
/** @typedef {Extract<WriteRequest, { kind: "piece" }>} Piece */

/** H5T_class_t */
const [INTEGER, FLOAT] = [0, 1];
/** What create_dataset wants to know of f32, but for the shape. */
const F32 = {
  ...{ type: FLOAT, size: 4, signed: false, vlen: false, littleEndian: true, cset: -1, strpad: -1 },
  ...{ chunks: null, compression: 0, compression_opts: [], track_order: false, total_size: 0 },
};
const I64 = { ...F32, type: INTEGER, size: 8, signed: true };

export class Hdf5Writing {
  #h5;
  #File;
  /** @type {import("h5wasm/node").File | undefined} */
  #file;
  /** Where in libhdf5's memory the data set under way lies; 0 between data sets. */
  #pointer = 0;

  /**
   * @param {import("./guarded.mjs").Bindings} h5
   * @param {typeof import("h5wasm/node").File} File
   */
  constructor(h5, File) {
    this.#h5 = h5;
    this.#File = File;
  }

  /** @param {WriteRequest} request */
  serve(request) {
    if (request.kind === "open") {
      const file = new this.#File(request.path, "w", { libver: ["earliest", "latest"] });
      this.#file = file;
      for (const group of request.groups) writeGroup(file, group);
      for (const { path, target } of request.links) {
        this.#h5.create_hard_link(file.file_id, target, path);
      }
    } else if (request.kind === "piece") this.#take(request);
    else this.#file?.close();
  }

  /**
   * Takes the bytes into libhdf5's memory, and writes the data set when it is complete.
   * @param {Piece} piece
   */
  #take({ dataset, at, bytes, total }) {
    const h5 = this.#h5;
    if (at === 0) this.#pointer = h5._malloc(total);
    if (this.#pointer === 0) throw new Error(`no memory for ${total} bytes`);
    h5.HEAPU8.set(bytes, this.#pointer + at);
    if (at + bytes.length < total || !this.#file) return;
    const shape = dataset.shape.map(BigInt);
    h5.create_dataset(this.#file.file_id, dataset.path, BigInt(this.#pointer), {
      ...(dataset.dtype === "i64" ? I64 : F32),
      shape,
      maxshape: shape,
    });
    h5._free(this.#pointer);
    this.#pointer = 0;
  }
}

/**
 * @param {import("h5wasm/node").File} file
 * @param {Hdf5Group} group
 */
function writeGroup(file, { path, attributes = {} }) {
  const group = path === "/" ? file : file.create_group(path);
  for (const [key, attribute] of Object.entries(attributes)) writeAttribute(group, key, attribute);
}

/**
 * @param {import("h5wasm/node").Group} group
 * @param {string} key
 * @param {Hdf5Attribute} attribute
 */
function writeAttribute(group, key, attribute) {
  if (attribute.kind === "empty") {
    group.create_attribute(key, new Float64Array(), [0], "<d");
    return;
  }
  const { kind, value } = attribute;
  if (typeof value === "string") {
    group.create_attribute(key, value, [], kind === "utf8" ? "S" : "A");
    return;
  }
  const utf8 = new TextEncoder();
  const longest = Math.max(...value.map((text) => utf8.encode(text).length));
  const dtype = kind === "fixed" ? `A${longest + 1}` : "A";
  group.create_attribute(key, [...value], [value.length], dtype);
}
