// What runs in a worker of its own, `keras.js`, for one file of Keras's: libhdf5 is large, and so fetched only when such a file is met, and
// a damaged file can keep it busy for ever, so that whoever asked ends it (keras-worker.ts).

import { messageOf, VitrineError } from "../../engine/core/errors.ts";
import * as library from "../../keras/hdf5/in-memory.mjs";
import { kerasArchiveBytes, readKerasBytes } from "../../keras/model-bytes.ts";
import type { KerasAnswer, KerasReply, KerasRequest } from "./keras-worker.ts";

/** The global of a worker, as far as it is used; the types of Node and of pages know none. */
const scope = globalThis as unknown as {
  postMessage(reply: KerasReply): void;
  addEventListener(type: "message", hear: (event: { readonly data: KerasRequest }) => void): void;
};

scope.addEventListener("message", ({ data }) => void serve(data));
scope.postMessage({ kind: "ready" });

async function serve(request: KerasRequest): Promise<void> {
  try {
    scope.postMessage({ kind: "answer", answer: await answerTo(request) });
  } catch (error) {
    const help = error instanceof VitrineError ? (error.help ?? null) : null;
    const isRefusal = error instanceof VitrineError;
    scope.postMessage({ kind: "refusal", message: messageOf(error), help, isRefusal });
  }
}

async function answerTo(request: KerasRequest): Promise<KerasAnswer> {
  if (request.kind === "write") {
    return { kind: "written", bytes: kerasArchiveBytes(request.file, library) };
  }
  // The model itself is made of functions, which no message can carry.
  const { model: _model, ...read } = await readKerasBytes(request.file, library, {
    optimizer: true,
  });
  return { kind: "read", ...read };
}
