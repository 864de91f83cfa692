// libhdf5 as WebAssembly (h5wasm) behind guards, which hold for the whole thread: it opens no file but the one that it is
// allowed, takes a bounded amount of memory, and its errors are exceptions. Only for worker.mjs.
import fs from "node:fs";
import { guarded, limitMemory } from "./guarded.mjs";

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

/** libhdf5 prints on the standard stream of errors. */
const said = { text: "" };
fs.writeSync = (/** @type {any[]} */ ...args) => {
  const [descriptor, bytes, offset, length] = args;
  // @ts-expect-error handed on as it came
  if (descriptor > 2 || !ArrayBuffer.isView(bytes)) return writeSync(...args);
  said.text += Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString();
  return length;
};

limitMemory();

// Only now, so that it meets the guarded functions.
export const libhdf5 = guarded(await (await import("h5wasm/node")).ready, said);
