// The owner of the worker that reads and writes files of Keras's (keras-door.ts): starts one for each file, and ends it when it has
// answered or takes too long.

import { FormatError, VitrineError } from "../../engine/core/errors.ts";
import type { KerasBytes, ModelToWrite } from "../../keras/model-bytes.ts";
import type { ReadModel } from "../../keras/model-of-file.ts";
import { KERAS_SCRIPT } from "../../page/web/site-data.ts";

export type KerasRequest =
  | { readonly kind: "read"; readonly file: KerasBytes }
  | { readonly kind: "write"; readonly file: ModelToWrite };

export type KerasFile = Omit<ReadModel, "model">;

export type KerasAnswer =
  | ({ readonly kind: "read" } & KerasFile)
  | { readonly kind: "written"; readonly bytes: Uint8Array };

export type KerasReply =
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly answer: KerasAnswer }
  | {
      readonly kind: "refusal";
      readonly message: string;
      readonly help: string | null;
      /** Or else a fault of ours. */
      readonly isRefusal: boolean;
    };

/** From where it is there and has its file; what is large takes longer. */
const PATIENCE_S = 15;
const BYTES_A_MS = 10_000;

/** In an address, `?patience=60`: seconds, for slow machines. What is no such number leaves it as it is. */
export function patienceIn(address: string): number {
  const asked = Number(new URL(address).searchParams.get("patience"));
  return asked > 0 && asked < 1e6 ? asked : PATIENCE_S;
}

/** `patience`: seconds. Throws FormatError as `readKerasModel` does, and VitrineError where `keras.js` is not to be had. */
export async function readKeras(
  site: URL,
  file: KerasBytes,
  patience = PATIENCE_S,
): Promise<KerasFile> {
  const patienceMs = 1000 * patience + file.bytes.length / BYTES_A_MS;
  const answer = await ask(site, { kind: "read", file }, patienceMs);
  if (answer.kind === "read") return answer;
  throw new Error("keras worker: reads what it is asked to read, got another answer");
}

/** A `.keras` file. Throws VitrineError. */
export async function writtenKeras(site: URL, file: ModelToWrite): Promise<Uint8Array> {
  const answer = await ask(site, { kind: "write", file }, Number.POSITIVE_INFINITY);
  if (answer.kind === "written") return answer.bytes;
  throw new Error("keras worker: writes what it is asked to write, got another answer");
}

function ask(site: URL, request: KerasRequest, patienceMs: number): Promise<KerasAnswer> {
  const worker = new Worker(new URL(KERAS_SCRIPT, site), { type: "module" });
  let patience: ReturnType<typeof setTimeout> | undefined;
  const answer = new Promise<KerasAnswer>((resolve, reject) => {
    const late = () => reject(endless(request.file.name, patienceMs));
    worker.addEventListener("message", ({ data }: { readonly data: KerasReply }) => {
      if (data.kind === "answer") resolve(data.answer);
      else if (data.kind === "refusal") reject(errorOf(data));
      else {
        worker.postMessage(request);
        if (Number.isFinite(patienceMs)) patience = setTimeout(late, patienceMs);
      }
    });
    worker.addEventListener("error", (event) => reject(unstarted(event.message)));
  });
  return answer.finally(() => {
    clearTimeout(patience);
    worker.terminate();
  });
}

function endless(name: string, patienceMs: number): FormatError {
  const got = `no end within ${Math.round(patienceMs / 1000)} s`;
  return new FormatError(`${name}: must be sound HDF5, got ${got}`, {
    help: "the file is damaged or was not copied whole: get it again; where it is sound and this machine slow, ?patience=60 in the page's address waits longer",
  });
}

function errorOf({ message, help, isRefusal }: Extract<KerasReply, { kind: "refusal" }>): Error {
  if (!isRefusal) return new Error(message);
  return new FormatError(message, help === null ? {} : { help });
}

function unstarted(message: string | undefined): VitrineError {
  const rule = "must lie beside the page to read and write files of Keras's";
  return new VitrineError(`${KERAS_SCRIPT}: ${rule}, got ${message || "nothing there"}`, {
    help: "put all of the site's files there",
  });
}
