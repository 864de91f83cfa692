// libhdf5 as WebAssembly (h5wasm) behind guards, which hold for the whole thread: it opens no file but the one that it is
// allowed, takes a bounded amount of memory, and its errors are exceptions. Only for worker.mjs.
import fs from "node:fs";
import { innermostError } from "./error.mjs";

/** For libhdf5: the largest compressed piece that is read, packed and unpacked, and then some. */
const MOST_MEMORY_BYTES = 768 * 2 ** 20;
const PAGE_BYTES = 2 ** 16;

/** libhdf5 follows links and external storage to any file; here it gets the one that was asked for, to read. */
let allowed = "";
const { openSync, writeSync } = fs;
fs.openSync = (path, ...rest) => {
  if (String(path) !== allowed) throw Object.assign(new Error("not allowed"), { code: "EACCES" });
  return openSync(path, ...rest);
};

/** @param {string} path absolute */
export function allowFile(path) {
  allowed = path;
}

/** What libhdf5 has printed since the last call began: its errors, on the standard stream of errors. */
let said = "";
fs.writeSync = (/** @type {any[]} */ ...args) => {
  const [descriptor, bytes, offset, length] = args;
  // @ts-expect-error handed on as it came
  if (descriptor > 2 || !ArrayBuffer.isView(bytes)) return writeSync(...args);
  said += Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString();
  return length;
};

const { grow } = WebAssembly.Memory.prototype;
WebAssembly.Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + pages * PAGE_BYTES <= MOST_MEMORY_BYTES)
    return grow.call(this, pages);
  throw new RangeError(`more than ${MOST_MEMORY_BYTES} bytes`);
};

// Only now, so that it meets the guarded functions.
const bindings = await (await import("h5wasm/node")).ready;

/**
 * The same functions, but for errors: libhdf5 prints them, and h5wasm goes on with what it did not get. (Its own handler
 * that throws goes through temporary files.)
 * @type {Awaited<typeof import("h5wasm/node")["ready"]>}
 */
export const h5 = new Proxy(bindings, {
  get(target, key) {
    const value = Reflect.get(target, key);
    return typeof value === "function" ? guarded(value) : value;
  },
});

/** @param {Function} binding */
function guarded(binding) {
  return (/** @type {unknown[]} */ ...args) => {
    said = "";
    try {
      const result = binding.apply(bindings, args);
      if (said === "") return result;
    } catch (cause) {
      if (said === "" || cause instanceof WebAssembly.RuntimeError) throw cause;
    }
    throw new Error(said);
  };
}

/**
 * Why a call has failed, in libhdf5's words where it had some.
 * @param {unknown} error
 */
export function reasonOf(error) {
  const message = error instanceof Error ? error.message : String(error);
  return innermostError(said === "" ? message : said);
}
