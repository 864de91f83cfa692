// The thread in which libhdf5 writes. A thread of its own, because the loader that reads TypeScript would take seconds and
// 600 MB over h5wasm, and because libhdf5 writes synchronously. Plain JavaScript, since threads are started without that
// loader (writer.ts).
import { parentPort, workerData } from "node:worker_threads";
import { File, ready } from "h5wasm/node";
import { Hdf5Writing } from "./writing.mjs";

/** @typedef {import("./writer.ts").ThreadRequest} ThreadRequest */
/** @typedef {import("./writer.ts").ThreadReply} ThreadReply */

const window = new Uint8Array(/** @type {SharedArrayBuffer} */ (workerData));
const h5 = await ready;
// Otherwise a full disk is a return value that h5wasm does not look at.
h5.activate_throwing_error_handler();
const writing = new Hdf5Writing(h5, File);

/** @param {ThreadRequest} request */
function serve(request) {
  if (request.kind !== "piece") writing.serve(request);
  else writing.serve({ ...request, bytes: window.subarray(0, request.length) });
}

parentPort?.on("message", (/** @type {ThreadRequest} */ request) => {
  /** @type {ThreadReply} */
  let reply = { ok: true };
  try {
    serve(request);
  } catch (error) {
    reply = { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
