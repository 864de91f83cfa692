// The thread in which libhdf5 writes (as WebAssembly, by h5wasm): one file, its groups first, then data sets that arrive in
// pieces. A thread of its own, because the loader that reads TypeScript would take seconds and 600 MB over h5wasm, and
// because libhdf5 writes synchronously. Plain JavaScript, since threads are started without that loader (writer.ts).
import { parentPort, workerData } from "node:worker_threads";
import { File, ready } from "h5wasm/node";

/** @typedef {import("./writer.ts").WriteRequest} WriteRequest */
/** @typedef {import("./writer.ts").WriteReply} WriteReply */
/** @typedef {import("./writer.ts").Hdf5Attribute} Hdf5Attribute */
/** @typedef {import("./writer.ts").Hdf5Dataset} Hdf5Dataset */
/** @typedef {import("./writer.ts").Hdf5Group} Hdf5Group */

const window = new Uint8Array(/** @type {SharedArrayBuffer} */ (workerData));
const h5 = await ready;
// Otherwise a full disk is a return value that h5wasm does not look at.
h5.activate_throwing_error_handler();

/** H5T_class_t */
const [INTEGER, FLOAT] = [0, 1];
/** What create_dataset wants to know of f32, but for the shape. */
const F32 = {
  ...{ type: FLOAT, size: 4, signed: false, vlen: false, littleEndian: true, cset: -1, strpad: -1 },
  ...{ chunks: null, compression: 0, compression_opts: [], track_order: false, total_size: 0 },
};
const I64 = { ...F32, type: INTEGER, size: 8, signed: true };

/** @type {File | undefined} */
let file;
/** Where in libhdf5's memory the data set under way lies; 0 between data sets. */
let pointer = 0;

/** @param {readonly Hdf5Group[]} groups */
function writeGroups(groups) {
  if (!file) return;
  for (const { path, attributes = {} } of groups) {
    const group = path === "/" ? file : file.create_group(path);
    for (const [key, attribute] of Object.entries(attributes))
      writeAttribute(group, key, attribute);
  }
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
  const longest = Math.max(...value.map((text) => Buffer.byteLength(text)));
  const dtype = kind === "fixed" ? `A${longest + 1}` : "A";
  group.create_attribute(key, [...value], [value.length], dtype);
}

/**
 * Takes the window's bytes into libhdf5's memory, and writes the data set when it is complete.
 * @param {Extract<WriteRequest, { kind: "piece" }>} piece
 */
function takePiece({ dataset, at, length, total }) {
  if (at === 0) pointer = h5._malloc(total);
  if (pointer === 0) throw new Error(`no memory for ${total} bytes`);
  h5.HEAPU8.set(window.subarray(0, length), pointer + at);
  if (at + length < total || !file) return;
  const shape = dataset.shape.map(BigInt);
  h5.create_dataset(file.file_id, dataset.path, BigInt(pointer), {
    ...(dataset.dtype === "i64" ? I64 : F32),
    shape,
    maxshape: shape,
  });
  h5._free(pointer);
  pointer = 0;
}

/** @param {WriteRequest} request */
function serve(request) {
  if (request.kind === "open") {
    file = new File(request.path, "w", { libver: ["earliest", "latest"] });
    writeGroups(request.groups);
    for (const { path, target } of request.links) h5.create_hard_link(file.file_id, target, path);
  } else if (request.kind === "piece") takePiece(request);
  else file?.close();
}

parentPort?.on("message", (/** @type {WriteRequest} */ request) => {
  /** @type {WriteReply} */
  let reply = { ok: true };
  try {
    serve(request);
  } catch (error) {
    reply = { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
