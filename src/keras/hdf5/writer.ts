// Writes an HDF5 file of the disk from a plan, through libhdf5 in a thread (write-worker.mjs). Weights pass one at a time, in
// pieces. It does not replace files: the caller gives it a temporary name.

import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import {
  type Hdf5Contents,
  PIECE_BYTES,
  unwritten,
  type WriteRequest,
  writeRequests,
} from "./layout.ts";

export interface Hdf5WriteRequest extends Hdf5Contents {
  /** Where the bytes go. */
  readonly path: string;
}

type Piece = Extract<WriteRequest, { kind: "piece" }>;

export type ThreadRequest =
  | Exclude<WriteRequest, Piece>
  /** Whose first `length` bytes stand in the window. */
  | (Omit<Piece, "bytes"> & { readonly length: number });

export type ThreadReply = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/**
 * Throws VitrineError, naming the file, for a weight that the layout lacks, one that is missing, and what libhdf5 cannot
 * do, such as writing to a full disk.
 */
export async function writeHdf5({ path, ...contents }: Hdf5WriteRequest): Promise<void> {
  const thread = new WriteThread(contents.name);
  try {
    for (const request of writeRequests(resolve(path), contents)) await thread.ask(request);
  } finally {
    await thread.stop();
  }
}

class WriteThread {
  readonly #name: string;
  readonly #window = new SharedArrayBuffer(PIECE_BYTES);
  readonly #worker: Worker;
  /** Takes the reply to the request that is under way. */
  #settle: (reply: ThreadReply) => void = () => {};

  constructor(name: string) {
    this.#name = name;
    this.#worker = new Worker(new URL("./write-worker.mjs", import.meta.url), {
      workerData: this.#window,
      // The loaders of this process are of no use there, and take time and memory.
      execArgv: [],
    });
    const fail = (reason: string) => this.#settle({ ok: false, reason });
    this.#worker.on("message", (reply: ThreadReply) => this.#settle(reply));
    this.#worker.on("error", ({ message }) => fail(message));
    this.#worker.on("exit", () => fail("the end of libhdf5's thread"));
  }

  /** Resolves when it is done. One at a time. */
  ask(request: WriteRequest): Promise<void> {
    return new Promise((done, fail) => {
      this.#settle = (reply) => {
        if (reply.ok) done();
        else fail(unwritten(this.#name, reply.reason));
      };
      this.#worker.postMessage(this.#inWindow(request));
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #inWindow(request: WriteRequest): ThreadRequest {
    if (request.kind !== "piece") return request;
    const { bytes, ...piece } = request;
    new Uint8Array(this.#window).set(bytes);
    return { ...piece, length: bytes.length };
  }
}
