// The owner of the thread that libhdf5 runs in (worker.mjs): starts it, asks it, and ends it when it takes too long or
// breaks. Whatever a file does in there, the answer here is a reply or an exception. It knows no file format.

import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from "node:worker_threads";
import { type Hdf5Reply, type Hdf5Request, type ReadRequest, WINDOW_LENGTH } from "./source.ts";

export interface ThreadData {
  readonly window: SharedArrayBuffer;
  /**
   * Two i32: 1 when a reply to a read lies in the port; a count of what has been done, which moves while work goes on, from the
   * thread's being there on.
   */
  readonly state: SharedArrayBuffer;
  readonly port: MessagePort;
}

/** Places in the shared state. */
const [REPLIED, DONE] = [0, 1];

/** Without any progress: an object listed, or a window read. Far more than a slow disk needs; some damage makes libhdf5 loop. */
const DEFAULT_PATIENCE_MS = 10_000;
const LOOKS = 10;
/** So many times that, until the thread has compiled libhdf5: on a busy machine that takes longer than anything in a file. */
const TO_START = 6;
/** Of the worker's JavaScript; libhdf5's memory is not in it. */
const HEAP_MB = 512;

export class Hdf5Thread {
  /** What the last read has filled. */
  readonly window: Float32Array;
  readonly #worker: Worker;
  readonly #state: Int32Array;
  readonly #port: MessagePort;
  readonly #patienceMs: number;
  #isAlive = true;
  /** Takes the reply to the question that is open. */
  #settle: (reply: Hdf5Reply) => void = () => {};

  constructor(patienceMs = DEFAULT_PATIENCE_MS) {
    const { port1, port2: port } = new MessageChannel();
    const window = new SharedArrayBuffer(WINDOW_LENGTH * Float32Array.BYTES_PER_ELEMENT);
    const state = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
    const workerData: ThreadData = { window, state, port };
    this.#worker = new Worker(new URL("./worker.mjs", import.meta.url), {
      workerData,
      transferList: [port],
      // The loaders of this process are of no use there, and take time.
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    this.#worker.on("message", (reply) => this.#settle(reply));
    this.#worker.on("error", (error) => this.#settle(broken(error.message)));
    this.#worker.on("exit", () => this.#settle(broken("libhdf5 gave up")));
    this.#worker.unref();
    // What libhdf5 or the runtime of WebAssembly prints is for nobody.
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.window = new Float32Array(window);
    this.#state = new Int32Array(state);
    this.#port = port1;
    this.#patienceMs = patienceMs;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Resolves with the thread's reply, or with one that says that it came to its end. One at a time. */
  ask(request: Exclude<Hdf5Request, ReadRequest>): Promise<Hdf5Reply> {
    return new Promise((resolve) => {
      const watch = this.#watch();
      this.#settle = (reply) => {
        clearInterval(watch);
        this.#settle = () => {};
        this.#worker.unref();
        resolve(this.#checked(reply));
      };
      this.#worker.ref();
      if (this.#isAlive) this.#worker.postMessage(request);
      else this.#settle(broken("it is closed"));
    });
  }

  /** Reads a block into the window, and waits for it. */
  read(request: ReadRequest): Hdf5Reply {
    if (!this.#isAlive) return broken("it is closed");
    Atomics.store(this.#state, REPLIED, 0);
    this.#worker.postMessage(request);
    if (Atomics.wait(this.#state, REPLIED, 0, this.#patienceMs) === "timed-out") {
      return this.#checked(this.#late());
    }
    const reply: Hdf5Reply | undefined = receiveMessageOnPort(this.#port)?.message;
    return this.#checked(reply ?? broken("no reply"));
  }

  /** Ends the thread; it may be in the middle of something. */
  stop(): void {
    this.#isAlive = false;
    this.#port.close();
    void this.#worker.terminate();
  }

  #watch(): NodeJS.Timeout {
    let [seen, idleLooks] = [-1, 0];
    return setInterval(() => {
      const done = Atomics.load(this.#state, DONE);
      idleLooks = done === seen ? idleLooks + 1 : 0;
      seen = done;
      const most = done === 0 ? TO_START * LOOKS : LOOKS;
      if (idleLooks === most) this.#settle(this.#late());
    }, this.#patienceMs / LOOKS);
  }

  #late(): Hdf5Reply {
    return broken(`no end within ${this.#patienceMs / 1000} s`);
  }

  #checked(reply: Hdf5Reply): Hdf5Reply {
    if (!reply.ok && reply.isBroken && this.#isAlive) this.stop();
    return reply;
  }
}

function broken(reason: string): Hdf5Reply {
  return { ok: false, where: "", reason, isBroken: true };
}
