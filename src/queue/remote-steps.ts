// A step of a study that another process does, from both ends: what it leaves in its folder is there already, so no weights travel.

import type { JsonValue } from "../io/files.ts";
import { RemoteJobs, type RemoteOptions } from "./remote-jobs.ts";
import { unexpected } from "./remote-trials.ts";
import { type AnswerMessage, type StepMessage, stepMessage } from "./trial-message.ts";
import type { Exchanging } from "./worker-answer.ts";

/** The step's result, as JSON. */
export type StepAnswer = Readonly<Record<string, JsonValue>>;

/** The chief's end. */
export class RemoteSteps {
  readonly #jobs: RemoteJobs;

  constructor(options: RemoteOptions) {
    this.#jobs = new RemoteJobs(options);
  }

  /** Null when interrupted. */
  run(step: string, signal: AbortSignal | undefined): Promise<StepAnswer | null> {
    const message = stepMessage(step);
    return this.#jobs.run<StepAnswer>(message, {
      signal,
      message: () => message,
      take: async (answer) => {
        if (answer.kind !== "step") throw unexpected(message.id, answer);
        return answer.result;
      },
    });
  }
}

export interface StepEnd {
  /** Null when interrupted. */
  run(step: string, signal: AbortSignal | undefined): Promise<StepAnswer | null>;
}

/** The worker's end. */
export async function stepAnswer(
  worker: StepEnd,
  { step }: StepMessage,
  { signal }: Pick<Exchanging, "signal">,
): Promise<AnswerMessage> {
  const result = await worker.run(step, signal);
  return result ? { kind: "step", result } : { kind: "interrupted" };
}
