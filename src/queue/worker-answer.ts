// What a worker makes of a job: an answer, or the reason why the job cannot be done; what is the worker's own trouble is thrown.

import { DeviceError, FormatError, VitrineError } from "../engine/core/errors.ts";
import type { AnswerMessage, JobMessage } from "./trial-message.ts";
import type { WeightsExchange } from "./weights-exchange.ts";

/** Who answers, where weights are left, and what stops it. */
export interface Exchanging {
  readonly exchange: WeightsExchange;
  readonly adapter: string;
  readonly driver: string;
  readonly signal: AbortSignal | undefined;
}

/** Opened for one search, cross-validation or study: does its jobs. */
export type JobAnswerer = (job: JobMessage, how: Exchanging) => Promise<AnswerMessage>;

/** Throws what is no answer: a lost device, a damaged file, a mistake of ours. */
export async function answerJob(
  answer: JobAnswerer,
  job: JobMessage,
  how: Exchanging,
): Promise<AnswerMessage> {
  try {
    return await answer(job, how);
  } catch (error) {
    const isResult = error instanceof VitrineError;
    if (!isResult || error instanceof DeviceError || error instanceof FormatError) throw error;
    const { message, help, argument, remedies } = error;
    const details = {
      ...(help !== undefined && { help }),
      ...(argument !== undefined && { argument }),
      remedies,
    };
    return { kind: "refused", message, details };
  }
}
