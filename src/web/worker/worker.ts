// What runs in the page's worker: the engine, the trainer and their readers, asked by the page and answering it. This file is the
// door; what is behind it does not know that there is a page.

import { DeviceError, DeviceLostError, messageOf, VitrineError } from "../../engine/core/errors.ts";
import type { ActionName, Actions, Message, Question, Refusal } from "../../page/web/protocol.ts";
import { patienceIn } from "./keras-worker.ts";
import { Workshop } from "./workshop.ts";

/** The global of a worker, as far as it is used; the types of Node and of pages know none. */
const scope = globalThis as unknown as {
  postMessage(message: Message, transfer?: readonly Transferable[]): void;
  addEventListener(type: "message", hear: (event: { readonly data: Question }) => void): void;
};

const workshop = new Workshop({
  site: new URL("./", import.meta.url),
  patience: patienceIn(import.meta.url),
  told: (event) => scope.postMessage({ type: "told", event }),
  stage: (words, share = null) => scope.postMessage({ type: "stage", words, share }),
  lost: (words) => scope.postMessage({ type: "lost", words }),
});

scope.addEventListener("message", ({ data }) => void answer(data));

async function answer({ id, action, body }: Question): Promise<void> {
  try {
    const work = workshop.actions[action] as (
      asked: unknown,
    ) => Promise<Actions[ActionName]["answer"]>;
    scope.postMessage({ type: "answer", id, body: await work(body) });
  } catch (error) {
    scope.postMessage({ type: "refusal", id, refusal: refusalOf(error) });
  }
}

function refusalOf(error: unknown): Refusal {
  const message = messageOf(error);
  if (!(error instanceof VitrineError)) {
    const at = error instanceof Error ? (error.stack ?? "") : "";
    return { message: `${message}\n${at}`, help: null, kind: "fault" };
  }
  const isNone = error instanceof DeviceError && message.includes("no WebGPU adapter");
  const kind = error instanceof DeviceLostError ? "lost" : isNone ? "none" : "refused";
  // Flags are a command line's.
  const help = error.help?.startsWith("--") ? null : (error.help ?? null);
  return { message, help, kind };
}
