// Makes libraries of our own known to a process that has started already, where LD_LIBRARY_PATH comes too late: loaded once and
// kept, they are found by their names when a driver asks for them. Plain JavaScript, as all of set-up.
import { readdirSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

/** Of the C library; Node has no name for it: the library stays although Node closes it, because it is no addon. */
const NODELETE = 0x1000;

/**
 * Loads every library of the folder, those that need others after these. What cannot be loaded is left to whoever needs it.
 * @param {string} folder
 */
export function preloadLibraries(folder) {
  const { RTLD_LAZY = 1, RTLD_GLOBAL = 0x100 } = constants.dlopen ?? {};
  let waiting = readdirSync(folder).filter((name) => /\.so(\.\d+)*$/.test(name));
  for (let before = Number.POSITIVE_INFINITY; waiting.length < before; ) {
    before = waiting.length;
    waiting = waiting.filter((name) => {
      try {
        process.dlopen({ exports: {} }, join(folder, name), RTLD_LAZY | RTLD_GLOBAL | NODELETE);
        return false;
      } catch (error) {
        // "Module did not self-register": it is loaded, and no addon.
        return !/self-register/.test(error instanceof Error ? error.message : "");
      }
    });
  }
}
