// A fold that another process trains, from both ends.

import type { JsonValue } from "../io/files.ts";
import type { NamedTensor } from "../io/safetensors.ts";
import type { FoldResult } from "../train/cross-validation.ts";
import { type Answer, RemoteJobs, type RemoteOptions } from "./remote-jobs.ts";
import { unexpected } from "./remote-trials.ts";
import { type AnswerMessage, type FoldMessage, foldMessage } from "./trial-message.ts";
import type { Exchanging } from "./worker-answer.ts";

/** A fold with its weights, and who trained it for how many seconds; or why it has none. */
export type RemoteFold =
  | {
      readonly result: FoldResult;
      readonly weights: readonly NamedTensor[];
      readonly seconds: number;
      readonly adapter: string;
    }
  | { readonly diverged: string };

/** The chief's end. */
export class RemoteFolds {
  readonly #jobs: RemoteJobs;

  constructor(options: RemoteOptions) {
    this.#jobs = new RemoteJobs(options);
  }

  /** Null when interrupted. */
  run(fold: number, signal: AbortSignal | undefined): Promise<RemoteFold | null> {
    const message = foldMessage(fold);
    return this.#jobs.run<RemoteFold>(message, {
      signal,
      message: () => message,
      take: (answer) => this.#fold(message, answer),
    });
  }

  async #fold({ id, fold }: FoldMessage, answer: Answer): Promise<RemoteFold> {
    if (answer.kind === "diverged") return { diverged: answer.reason };
    if (answer.kind !== "fold" || answer.result.fold !== fold) throw unexpected(id, answer);
    const { result, seconds, adapter } = answer;
    return { result, seconds, adapter, weights: await this.#jobs.weights(id, answer.weights) };
  }

  recorded(fold: number): Promise<void> {
    return this.#jobs.recorded(foldMessage(fold).id);
  }
}

export interface FoldEnd {
  /** Trains the fold; what it throws of divergence is `diverged`. */
  run(fold: number, signal: AbortSignal | undefined): Promise<TrainedFold | "interrupted">;
}

export type TrainedFold =
  | { readonly result: FoldResult; readonly weights: readonly NamedTensor[] }
  | { readonly diverged: string };

/** The worker's end. */
export async function foldAnswer(
  worker: FoldEnd,
  { id, fold }: FoldMessage,
  { exchange, adapter, driver, signal }: Exchanging,
): Promise<AnswerMessage> {
  const start = performance.now();
  const trained = await worker.run(fold, signal);
  if (trained === "interrupted") return { kind: "interrupted" };
  if ("diverged" in trained) return { kind: "diverged", reason: trained.diverged };
  const seconds = (performance.now() - start) / 1000;
  const weights = await exchange.putAnswer(id, "fold", trained.weights);
  const result = trained.result as unknown as JsonValue;
  return { kind: "fold", result, seconds, adapter, driver, weights };
}
