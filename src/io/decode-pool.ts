// Decodes picture files side by side, in as many threads as there are cores: their decoders are plain JavaScript and WebAssembly,
// and a photograph takes them tens of milliseconds.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { VitrineError } from "../engine/core/errors.ts";
import { type DecodedFiles, type DecodeOrder, decodeFiles } from "./decode-files.ts";

/** A thread takes a third of a second to start; fewer files are decoded sooner without. */
const FEW = 200;
const CHUNK = 32;
const MOST_THREADS = 8;

/** `progress` gets the files that are done. */
export async function decodeInPool(
  order: DecodeOrder,
  progress: (done: number) => void,
): Promise<DecodedFiles> {
  const { files, height, width } = order;
  const size = height * width * 3;
  const all = {
    rgb: new Uint8Array(files.length * size),
    isGrey: new Uint8Array(files.length),
    problems: [] as (readonly [number, string])[],
  };
  const chunks = Array.from({ length: Math.ceil(files.length / CHUNK) }, (_, i) => i * CHUNK);
  let done = 0;
  const takeChunks = async (decode: (part: DecodeOrder) => Promise<DecodedFiles>) => {
    for (let first = chunks.shift(); first !== undefined; first = chunks.shift()) {
      const part = { ...order, files: files.slice(first, first + CHUNK) };
      const { rgb, isGrey, problems } = await decode(part);
      all.rgb.set(rgb, first * size);
      all.isGrey.set(isGrey, first);
      for (const [i, problem] of problems) all.problems.push([first + i, problem]);
      done += part.files.length;
      progress(done);
    }
  };
  const threads = files.length < FEW ? 0 : Math.min(MOST_THREADS, availableParallelism());
  if (threads < 2) await takeChunks(decodeFiles);
  else await Promise.all(Array.from({ length: threads }, () => inThread(takeChunks)));
  all.problems.sort(([a], [b]) => a - b);
  return all;
}

async function inThread(
  work: (decode: (part: DecodeOrder) => Promise<DecodedFiles>) => Promise<void>,
): Promise<void> {
  const worker = new Worker(new URL("./decode-worker.mjs", import.meta.url), { execArgv: [] });
  let answer: (decoded: DecodedFiles) => void = () => undefined;
  let fail: (reason: string, cause?: unknown) => void = () => undefined;
  worker.on("message", (decoded: DecodedFiles) => answer(decoded));
  worker.on("error", (error) => fail(error.message, error));
  worker.on("exit", (code) => fail(`exit ${code}`));
  const ask = (part: DecodeOrder): Promise<DecodedFiles> =>
    new Promise((resolve, reject) => {
      answer = resolve;
      fail = (reason, cause) => {
        const [first = "", last = ""] = [part.files[0], part.files.at(-1)];
        const problem = `pictures: a decoder must not break, got ${reason} between ${first} and ${last}`;
        reject(new VitrineError(problem, { cause }));
      };
      worker.postMessage(part);
    });
  try {
    await work(ask);
  } finally {
    await worker.terminate();
  }
}
