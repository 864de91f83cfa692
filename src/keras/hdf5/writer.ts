// Writes an HDF5 file of groups, attributes and datasets from a plan, through libhdf5 in a thread (write-worker.mjs).
// Weights pass one at a time, in pieces. It knows nothing of Keras, and it does not replace files: the caller gives it a
// temporary name.

import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { VitrineError } from "../../engine/core/errors.ts";
import { formatShape, sizeOf } from "../../engine/core/shape.ts";
import { innermostError } from "./error.mjs";

export type Hdf5Attribute =
  /** A scalar string of variable length. */
  | { readonly kind: "utf8"; readonly value: string }
  /** A scalar, or a list, of strings of variable length. */
  | { readonly kind: "ascii"; readonly value: string | readonly string[] }
  /** A list of strings, each as long as the longest and its closing zero. */
  | { readonly kind: "fixed"; readonly value: readonly string[] }
  /** A list of nothing, which NumPy takes for float64 of shape (0). */
  | { readonly kind: "empty" };

export interface Hdf5Group {
  readonly path: string;
  readonly attributes?: Readonly<Record<string, Hdf5Attribute>>;
}

/** A second name of a group. */
export interface Hdf5Link {
  readonly path: string;
  readonly target: string;
}

export interface Hdf5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
  /** Default f32. */
  readonly dtype?: "i64";
}

/** What fills a data set, by the name that the layout has for it, one at a time; of its type. */
export type ValueStream = Iterable<readonly [name: string, data: Float32Array | BigInt64Array]>;

export interface Hdf5Layout {
  /** Parents before children; the root `/` only for its attributes. */
  readonly groups: readonly Hdf5Group[];
  /** Made when the groups are there; default: none. */
  readonly links?: readonly Hdf5Link[];
  /** Datasets by the name of the variable that fills them. */
  readonly variables: ReadonlyMap<string, Hdf5Dataset>;
}

export interface Hdf5Request {
  /** Where the bytes go. */
  readonly path: string;
  /** What errors call the file. */
  readonly name: string;
  readonly layout: Hdf5Layout;
  readonly weights: ValueStream;
}

export type WriteRequest =
  | {
      readonly kind: "open";
      readonly path: string;
      readonly groups: readonly Hdf5Group[];
      readonly links: readonly Hdf5Link[];
    }
  /** `length` bytes in the window, `at` bytes into the `total` of the dataset. */
  | {
      readonly kind: "piece";
      readonly dataset: Hdf5Dataset;
      readonly at: number;
      readonly length: number;
      readonly total: number;
    }
  | { readonly kind: "close" };

export type WriteReply = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** How much of a weight is handed over at once; more is not faster. */
const WINDOW_BYTES = 2 ** 24;

/**
 * Throws VitrineError, naming the file, for a weight that the layout lacks, one that is missing, and what libhdf5 cannot
 * do, such as writing to a full disk.
 */
export async function writeHdf5({ path, name, layout, weights }: Hdf5Request): Promise<void> {
  const thread = new WriteThread(name);
  try {
    const { groups, links = [] } = layout;
    await thread.ask({ kind: "open", path: resolve(path), groups, links });
    const missing = new Set(layout.variables.keys());
    for (const [variable, data] of weights) {
      await thread.write(placeOf(variable, data, { name, layout }), data);
      missing.delete(variable);
    }
    const [first] = missing;
    if (first !== undefined) {
      throw new VitrineError(`${name}: weights must be complete, got none for ${first}`);
    }
    await thread.ask({ kind: "close" });
  } finally {
    await thread.stop();
  }
}

function placeOf(
  variable: string,
  { length }: Float32Array | BigInt64Array,
  { name, layout }: Pick<Hdf5Request, "name" | "layout">,
): Hdf5Dataset {
  const place = layout.variables.get(variable);
  if (place && sizeOf(place.shape) === length) return place;
  const found = place ? formatShape(place.shape) : "no such variable";
  throw new VitrineError(`${name}: ${variable}: cannot take ${length} values, got ${found}`);
}

class WriteThread {
  readonly #name: string;
  readonly #window = new SharedArrayBuffer(WINDOW_BYTES);
  readonly #worker: Worker;
  /** Takes the reply to the request that is under way. */
  #settle: (reply: WriteReply) => void = () => {};

  constructor(name: string) {
    this.#name = name;
    this.#worker = new Worker(new URL("./write-worker.mjs", import.meta.url), {
      workerData: this.#window,
      // The loaders of this process are of no use there, and take time and memory.
      execArgv: [],
    });
    const fail = (reason: string) => this.#settle({ ok: false, reason });
    this.#worker.on("message", (reply: WriteReply) => this.#settle(reply));
    this.#worker.on("error", ({ message }) => fail(message));
    this.#worker.on("exit", () => fail("the end of libhdf5's thread"));
  }

  async write(dataset: Hdf5Dataset, { buffer, byteOffset, byteLength }: ArrayBufferView) {
    const total = byteLength;
    for (let at = 0; at < total; at += WINDOW_BYTES) {
      const length = Math.min(WINDOW_BYTES, total - at);
      new Uint8Array(this.#window).set(new Uint8Array(buffer, byteOffset + at, length));
      await this.ask({ kind: "piece", dataset, at, length, total });
    }
  }

  /** Resolves when it is done. One at a time. */
  ask(request: WriteRequest): Promise<void> {
    return new Promise((done, fail) => {
      this.#settle = (reply) => {
        if (reply.ok) return done();
        const got = causeOf(reply.reason);
        fail(new VitrineError(`${this.#name}: cannot be written, got ${got}`));
      };
      this.#worker.postMessage(request);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** What the system said, such as of a full disk, or else libhdf5. */
function causeOf(reason: string): string {
  const system = /error message = '([^']+)'/.exec(reason)?.[1];
  return system === undefined ? innermostError(reason) : system.toLowerCase();
}
