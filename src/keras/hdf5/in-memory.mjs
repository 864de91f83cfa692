// libhdf5 for files in memory, in the thread that it is loaded into. A damaged file can make it abort, loop or fill its memory, so
// that thread should be one that can be ended. Plain JavaScript, as what it imports is.
import { File, ready } from "h5wasm";
import { guarded, limitMemory } from "./guarded.mjs";
import { Hdf5Reading } from "./reading.mjs";
import { Hdf5Writing } from "./writing.mjs";

/** @typedef {import("./layout.ts").WriteRequest} WriteRequest */

limitMemory();
const h5 = await ready;
const said = { text: "" };
listenTo(h5.FS);
const libhdf5 = guarded(h5, said);

let files = 0;

/**
 * Opens a file and puts what is read of it into `window`.
 * @param {Uint8Array} bytes
 * @param {ArrayBuffer} window
 * @returns {import("./library.ts").OpenedBytes}
 */
export function openBytes(bytes, window) {
  const path = `/${++files}.h5`;
  // They are read where they are, and not copied.
  h5.FS.writeFile(path, bytes, /** @type {{}} */ ({ canOwn: true }));
  const reading = new Hdf5Reading(libhdf5, window);
  const close = () => {
    reading.serve({ kind: "close" });
    h5.FS.unlink(path);
  };
  const opened = reading.serve({ kind: "open", path });
  if (!opened.ok) close();
  return { opened, read: (request) => reading.serve(request), close };
}

/**
 * The bytes of a file that is written as asked. Throws Error for what libhdf5 cannot do.
 * @param {(path: string) => Iterable<WriteRequest>} requests
 */
export function writtenBytes(requests) {
  const path = `/${++files}.h5`;
  const writing = new Hdf5Writing(h5, File);
  try {
    for (const request of requests(path)) {
      said.text = "";
      writing.serve(request);
      // h5wasm does not look at what its functions return.
      if (said.text !== "") throw new Error(said.text);
    }
    return h5.FS.readFile(path);
  } finally {
    if (h5.FS.analyzePath(path, false).exists) h5.FS.unlink(path);
  }
}

/**
 * Takes the errors that it prints, which would go to the console.
 * @param {any} FS Emscripten's, whose types do not tell of terminals
 */
function listenTo(FS) {
  const { tty } = FS.getStream(2);
  const decoder = new TextDecoder();
  tty.ops = {
    ...tty.ops,
    put_char: (/** @type {unknown} */ _tty, /** @type {number} */ byte) => {
      said.text += decoder.decode(Uint8Array.of(byte), { stream: true });
    },
  };
}
