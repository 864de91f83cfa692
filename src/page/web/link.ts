// The page's end of the worker: questions with answers, and what the worker tells by itself.

import type { Told } from "../live/live-events.ts";
import type { ActionName, Actions, Message, Question, Refusal } from "./protocol.ts";

/** Why the worker did not do what it was asked. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

export interface LinkEvents {
  told(event: Told): void;
  stage(words: string | null, share: number | null): void;
  lost(words: string): void;
}

export class Link {
  readonly #worker: Worker;
  readonly #events: LinkEvents;
  readonly #waiting = new Map<
    number,
    { readonly answer: (body: never) => void; readonly refuse: (error: Refused) => void }
  >();
  #last = 0;

  constructor(worker: Worker, events: LinkEvents) {
    this.#worker = worker;
    this.#events = events;
    worker.addEventListener("message", ({ data }) => this.#hear(data as Message));
    worker.addEventListener("error", (event) => {
      const message = event.message || "the worker could not be started";
      for (const { refuse } of this.#waiting.values()) {
        refuse(new Refused({ message, help: "reload the page", kind: "fault" }));
      }
      this.#waiting.clear();
    });
  }

  /** Throws Refused. */
  ask<Name extends ActionName>(
    action: Name,
    body: Actions[Name]["asked"],
  ): Promise<Actions[Name]["answer"]> {
    const id = ++this.#last;
    const question: Question<Name> = { id, action, body };
    return new Promise((answer, refuse) => {
      this.#waiting.set(id, { answer, refuse });
      this.#worker.postMessage(question);
    });
  }

  #hear(message: Message): void {
    switch (message.type) {
      case "told":
        this.#events.told(message.event);
        return;
      case "stage":
        this.#events.stage(message.words, message.share);
        return;
      case "lost":
        this.#events.lost(message.words);
        return;
      default:
        this.#settle(message);
    }
  }

  #settle(message: Extract<Message, { readonly id: number }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === "answer") waiting?.answer(message.body as never);
    else waiting?.refuse(new Refused(message.refusal));
  }
}
