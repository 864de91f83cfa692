// The thread in which libhdf5 reads: one file after another. A damaged file can make libhdf5 abort, loop or fill its memory; a
// thread survives none of that, and its owner all of it (thread.ts). Plain JavaScript, since worker threads of Node 20 are
// started without the loader that reads TypeScript.
import { parentPort, workerData } from "node:worker_threads";
import { allowFile, libhdf5 } from "./guard.mjs";
import { Hdf5Reading } from "./reading.mjs";

/** @typedef {import("./thread.ts").ThreadData} ThreadData */
/** @typedef {import("./source.ts").Hdf5Request} Hdf5Request */

const { window, state: shared, port } = /** @type {ThreadData} */ (workerData);
const state = new Int32Array(shared);
const reading = new Hdf5Reading(libhdf5, window, () => Atomics.add(state, 1, 1));

Atomics.add(state, 1, 1);

parentPort?.on("message", (/** @type {Hdf5Request} */ request) => {
  if (request.kind === "open") allowFile(request.path);
  const reply = reading.serve(request);
  if (request.kind !== "read") {
    parentPort?.postMessage(reply);
    return;
  }
  port.postMessage(reply);
  Atomics.store(state, 0, 1);
  Atomics.notify(state, 0);
});
