// The owner of the worker for Keras's files: whatever becomes of that worker, there is an answer or a refusal, and the worker is ended.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError, VitrineError } from "../../src/engine/core/errors.ts";
import {
  type KerasReply,
  type KerasRequest,
  patienceIn,
  readKeras,
} from "../../src/web/worker/keras-worker.ts";

const test = suite("worker for Keras files");
const SITE = new URL("http://localhost/site/");
const FILE = { name: "net.keras", bytes: Uint8Array.of(1, 2, 3) };

/** In place of a browser's Worker, which Node has not. */
class FakeWorker extends EventTarget {
  static made: FakeWorker[] = [];
  static start: (worker: FakeWorker) => void = () => {};
  static serve: (worker: FakeWorker, request: KerasRequest) => void = () => {};
  readonly address: string;
  isEnded = false;

  constructor(address: URL) {
    super();
    this.address = address.href;
    FakeWorker.made.push(this);
    queueMicrotask(() => FakeWorker.start(this));
  }

  postMessage(request: KerasRequest): void {
    queueMicrotask(() => FakeWorker.serve(this, request));
  }

  say(data: KerasReply): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  terminate(): void {
    this.isEnded = true;
  }
}

const browser = globalThis as { Worker?: unknown };
test.before(() => {
  browser.Worker = FakeWorker;
});
test.after(() => {
  delete browser.Worker;
});
test.before.each(() => {
  FakeWorker.made = [];
  FakeWorker.start = (worker) => worker.say({ kind: "ready" });
});
test.after.each(() => {
  assert.equal(
    FakeWorker.made.map(({ address, isEnded }) => [address, isEnded]),
    [["http://localhost/site/keras.js", true]],
  );
});

async function refusal(patience?: number): Promise<VitrineError> {
  try {
    await readKeras(SITE, FILE, patience);
  } catch (error) {
    if (error instanceof VitrineError) return error;
    throw error;
  }
  throw new Error("was read");
}

test("an answer is handed on", async () => {
  FakeWorker.serve = (worker, request) => {
    assert.equal(request, { kind: "read", file: FILE });
    const read = { architecture: { a: 1 }, weights: new Map(), compiled: null, notes: [] };
    worker.say({ kind: "answer", answer: { kind: "read", ...read } });
  };
  const { architecture } = await readKeras(SITE, FILE);
  assert.equal(architecture, { a: 1 });
});

test("a refusal is one here, with its help; a fault is none", async () => {
  const said = { kind: "refusal", message: "net.keras: must be sound", help: "again" } as const;
  FakeWorker.serve = (worker) => worker.say({ ...said, isRefusal: true });
  const { message, help } = await refusal();
  assert.equal([message, help], [said.message, said.help]);
  FakeWorker.made = [];
  FakeWorker.serve = (worker) => worker.say({ ...said, isRefusal: false });
  const fault = await readKeras(SITE, FILE).catch((error: unknown) => error);
  assert.ok(fault instanceof Error && !(fault instanceof VitrineError));
});

test("one that comes to no end is ended", async () => {
  FakeWorker.serve = () => {};
  const error = await refusal(0.02);
  assert.ok(error instanceof FormatError);
  assert.is(error.message, "net.keras: must be sound HDF5, got no end within 0 s");
});

test("one that cannot be started is told by its file", async () => {
  FakeWorker.start = (worker) => worker.dispatchEvent(new Event("error"));
  const { message } = await refusal();
  assert.match(message, /^keras\.js: must lie beside the page .*, got nothing there$/);
});

const alone = suite("patience");
alone("an address says how long, or else it is 15 seconds", () => {
  const of = (search: string) => patienceIn(`http://localhost/worker.js${search}`);
  assert.equal(["?patience=60", "?patience=0.5&x=1"].map(of), [60, 0.5]);
  for (const search of ["", "?patience=", "?patience=-1", "?patience=soon", "?patience=1e9"]) {
    assert.is(of(search), 15, search);
  }
});

test.run();
alone.run();
