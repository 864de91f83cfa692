// What libhdf5 (h5wasm) is guarded by wherever it runs: its errors are exceptions, and it takes a bounded amount of memory. Plain
// JavaScript, since threads read it (guard.mjs) and a page's worker (in-memory.mjs).
import { innermostError } from "./error.mjs";

/** @typedef {Awaited<typeof import("h5wasm/node")["ready"]>} Bindings */

/**
 * What libhdf5 has printed since the last call began: its errors.
 * @typedef {{ text: string }} Said
 */

/**
 * libhdf5 as it is called.
 * @typedef {{ readonly h5: Bindings, readonly reasonOf: (error: unknown) => string }} GuardedHdf5
 */

/** For libhdf5: the largest compressed piece that is read, packed and unpacked, and then some. */
const MOST_MEMORY_BYTES = 768 * 2 ** 20;
const PAGE_BYTES = 2 ** 16;

/** Holds for all that runs beside it. Before libhdf5 is loaded. */
export function limitMemory() {
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * PAGE_BYTES <= MOST_MEMORY_BYTES)
      return grow.call(this, pages);
    throw new RangeError(`more than ${MOST_MEMORY_BYTES} bytes`);
  };
}

/**
 * The same functions, but for errors: libhdf5 prints them, and h5wasm goes on with what it did not get. (Its own handler
 * that throws goes through temporary files.)
 * @param {Bindings} bindings
 * @param {Said} said
 * @returns {GuardedHdf5}
 */
export function guarded(bindings, said) {
  const call = (/** @type {Function} */ binding) => {
    return (/** @type {unknown[]} */ ...args) => {
      said.text = "";
      try {
        const result = binding.apply(bindings, args);
        if (said.text === "") return result;
      } catch (cause) {
        if (said.text === "" || cause instanceof WebAssembly.RuntimeError) throw cause;
      }
      throw new Error(said.text);
    };
  };
  const h5 = new Proxy(bindings, {
    get(target, key) {
      const value = Reflect.get(target, key);
      return typeof value === "function" ? call(value) : value;
    },
  });
  // Why a call has failed, in libhdf5's words where it had some.
  const reasonOf = (/** @type {unknown} */ error) => {
    const message = error instanceof Error ? error.message : String(error);
    return innermostError(said.text === "" ? message : said.text);
  };
  return { h5, reasonOf };
}
