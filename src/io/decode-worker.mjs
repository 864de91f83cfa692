// A thread of decode-pool.ts: takes orders, one after another. Threads do not get the loader of TypeScript from the one that starts
// them, so this file is none.

import { parentPort } from "node:worker_threads";
import { register } from "tsx/esm/api";

register();
const { decodeFiles } = await import("./decode-files.ts");

parentPort?.on("message", async (order) => {
  const decoded = await decodeFiles(order);
  parentPort?.postMessage(decoded, [decoded.rgb.buffer, decoded.isGrey.buffer]);
});
