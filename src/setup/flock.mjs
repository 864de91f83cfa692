// The system's lock on a file, before there are packages: flock(1) of util-linux or BusyBox takes it and holds it as long as a
// `cat` under it runs, which ends when our end of its pipe closes: by us, or with this process.
import { spawn } from "node:child_process";

/** What flock(1) ends with where another process has the lock. */
const HELD = 1;

/**
 * @param {string} path
 * @returns {Promise<import("./lock.mjs").Release | "held" | "unsupported">} how to release it; `unsupported`: flock(1) cannot be
 *   run, or the file system has no locks
 */
export function tryFlock(path) {
  // In a session of its own, so that Ctrl-C reaches this process alone.
  const child = spawn("flock", ["-n", path, "cat"], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  return new Promise((resolve) => {
    child.once("error", () => resolve("unsupported"));
    child.once("close", (code) => resolve(code === HELD ? "held" : "unsupported"));
    // It may have ended already.
    child.stdin.on("error", () => {});
    child.stdin.write("?");
    child.stdout.once("data", () => {
      child.unref();
      resolve(async () => {
        child.ref();
        child.stdin.end();
        await ended;
      });
    });
  });
}
