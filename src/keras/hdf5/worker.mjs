// The thread in which libhdf5 runs (as WebAssembly, by h5wasm): opens one file at a time, lists what is in it, reads pieces
// of data sets. A damaged file can make libhdf5 abort, loop or fill its memory; a thread survives none of that, and its
// owner all of it (thread.ts). It decides nothing about Keras. Plain JavaScript, since worker threads of Node 20 are
// started without the loader that reads TypeScript.
import { parentPort, workerData } from "node:worker_threads";
import { allowFile, h5, reasonOf } from "./guard.mjs";

/** @typedef {import("./tree.ts").Hdf5Node} Hdf5Node */
/** @typedef {import("./tree.ts").AttributeValue} AttributeValue */
/** @typedef {import("./tree.ts").DatasetInfo} DatasetInfo */
/** @typedef {import("./thread.ts").ThreadData} ThreadData */
/** @typedef {import("./thread.ts").ThreadRequest} ThreadRequest */
/** @typedef {import("./thread.ts").ThreadReply} ThreadReply */
/** @typedef {Extract<ThreadRequest, { kind: "read" }>} ReadRequest */

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

const { window, state: shared, port } = /** @type {ThreadData} */ (workerData);
const state = new Int32Array(shared);
const floats = new Float32Array(window);
const doubles = new Float64Array(window);
const utf8 = new TextDecoder("utf-8", { fatal: true });

Atomics.add(state, 1, 1);

let file = -1n;
/** Where the last call was, for the message of the error that it may throw. */
let where = "/";

/**
 * @param {ThreadRequest} request
 * @returns {readonly Hdf5Node[] | null}
 */
function answer(request) {
  if (request.kind === "read") return read(request);
  close();
  return request.kind === "open" ? open(request.path) : null;
}

/** @param {string} path */
function open(path) {
  where = "";
  allowFile(path);
  file = h5.open(path, h5.H5F_ACC_RDONLY, false, -1, -1);
  if (file < 0n) throw new Error("cannot be opened");
  return list();
}

function close() {
  const last = file;
  file = -1n;
  if (last >= 0n) h5.close_file(last);
}

/** Every object below the root, parents first, children in stored order. */
function list() {
  /** @type {Hdf5Node[]} */
  const nodes = [];
  /** @type {{ path: string, level: number }[]} */
  const waiting = [{ path: "/", level: 0 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    where = next.path;
    Atomics.add(state, 1, 1);
    if (nodes.length >= MOST_OBJECTS) throw new Error(`more than ${MOST_OBJECTS} objects`);
    if (next.level > MOST_LEVELS) throw new Error(`groups within groups, ${MOST_LEVELS} deep`);
    const node = describe(next.path);
    nodes.push(node);
    const children = node.children.map((name) => ({
      path: next.path === "/" ? `/${name}` : `${next.path}/${name}`,
      level: next.level + 1,
    }));
    waiting.push(...children.reverse());
  }
  return nodes;
}

/**
 * @param {string} path
 * @returns {Hdf5Node}
 */
function describe(path) {
  if (path !== "/" && isLink(path)) return plain(path, "link");
  const type = h5.get_type(file, path);
  if (type !== GROUP && type !== DATASET) return plain(path, "other");
  const attributes = h5.get_attribute_names(file, path).map((name) => {
    const entry = /** @type {const} */ ([name, readAttribute(path, name)]);
    return entry;
  });
  if (type === DATASET) {
    return { path, kind: "dataset", attributes, children: [], dataset: describeDataset(path) };
  }
  return { path, kind: "group", attributes, children: h5.get_names(file, path, false) };
}

/**
 * @param {string} path
 * @param {"link" | "other"} kind
 * @returns {Hdf5Node}
 */
const plain = (path, kind) => ({ path, kind, attributes: [], children: [] });

/** @param {string} path */
function isLink(path) {
  if (h5.get_symbolic_link(file, path) !== null) return true;
  return Object.keys(h5.get_external_link(file, path) ?? {}).length > 0;
}

/**
 * @param {string} path
 * @returns {DatasetInfo}
 */
function describeDataset(path) {
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
function readAttribute(path, name) {
  const {
    type,
    size,
    shape,
    total_size: total,
    vlen,
  } = h5.get_attribute_metadata(file, path, name);
  // Keras's empty list of names is an empty list of float64.
  if (shape === null || total === 0) return { isList: true, strings: [] };
  if (type !== STRING) return { problem: "a number or a record" };
  const bytes = size * total;
  if (!(bytes <= MOST_ATTRIBUTE_BYTES)) return { problem: `${bytes} bytes` };
  const pointer = allocate(bytes);
  try {
    h5.get_attribute_data(file, path, name, BigInt(pointer));
    const pieces = vlen ? variableStrings(pointer, total) : fixedStrings(pointer, size, total);
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

/**
 * @param {number} pointer
 * @param {number} size
 * @param {number} total
 */
function fixedStrings(pointer, size, total) {
  return Array.from({ length: total }, (_, i) => {
    const start = pointer + i * size;
    const bytes = h5.HEAPU8.subarray(start, start + size);
    const end = bytes.indexOf(0);
    return end < 0 ? bytes : bytes.subarray(0, end);
  });
}

/**
 * @param {number} pointer
 * @param {number} total
 */
function variableStrings(pointer, total) {
  const pointers = new Uint32Array(h5.HEAPU8.buffer, pointer, total);
  return Array.from(pointers, (start) => {
    const end = start === 0 ? 0 : h5.HEAPU8.indexOf(0, start);
    return h5.HEAPU8.subarray(start, end);
  });
}

/** @param {number} bytes */
function allocate(bytes) {
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
function read({ path, start, count, bytes, type }) {
  where = path;
  const length = count.reduce((product, extent) => product * extent, 1);
  const pointer = allocate(length * bytes);
  try {
    const big = (/** @type {readonly number[]} */ list) => list.map(BigInt);
    const [counts, starts] = count.length === 0 ? [null, null] : [big(count), big(start)];
    const strides = counts?.map(() => 1n) ?? null;
    const status = h5.get_dataset_data(file, path, counts, starts, strides, BigInt(pointer));
    if (status < 0) throw new Error("data cannot be read");
    const { buffer } = h5.HEAPU8;
    if (type === "float32") floats.set(new Float32Array(buffer, pointer, length));
    else if (type === "float64") floats.set(new Float64Array(buffer, pointer, length));
    else if (type === "int32") doubles[0] = new Int32Array(buffer, pointer, 1)[0] ?? 0;
    else if (type === "int64") doubles[0] = Number(new BigInt64Array(buffer, pointer, 1)[0]);
    else widen(new Uint16Array(buffer, pointer, length), type);
  } finally {
    h5._free(pointer);
  }
  return null;
}

/**
 * @param {Uint16Array} halves
 * @param {"float16" | "bfloat16"} type
 */
function widen(halves, type) {
  if (type === "bfloat16") {
    const bits = new Uint32Array(window);
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

/**
 * @param {unknown} error
 * @returns {ThreadReply}
 */
function failure(error) {
  // A trap, an abort, an exit: nothing in there can be trusted any more.
  const isBroken = !(error instanceof Error) || error instanceof WebAssembly.RuntimeError;
  return { ok: false, where, reason: reasonOf(error), isBroken };
}

/**
 * @param {ThreadRequest} request
 * @returns {ThreadReply}
 */
function serve(request) {
  try {
    return { ok: true, nodes: answer(request) };
  } catch (error) {
    return failure(error);
  }
}

parentPort?.on("message", (/** @type {ThreadRequest} */ request) => {
  const reply = serve(request);
  if (request.kind !== "read") {
    parentPort?.postMessage(reply);
    return;
  }
  port.postMessage(reply);
  Atomics.store(state, 0, 1);
  Atomics.notify(state, 0);
});
