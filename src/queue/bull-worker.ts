// A worker's side of a queue: takes one trial at a time, until it is stopped. A trial that it cannot bring to an end goes back to
// the queue; that of a worker that dies goes back when its lock runs out, which is no attempt of the trial's.

import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "bullmq";
import * as v from "valibot";
import { FormatError } from "../engine/core/errors.ts";
import type { JsonValue } from "../io/files.ts";
import { QUEUE, type QueueServer } from "./queue-server.ts";
import {
  type JobMessage,
  type ProgressMessage,
  readJob,
  readSearch,
  type SearchMessage,
} from "./trial-message.ts";

export interface QueueWorkerOptions {
  readonly server: QueueServer;
  readonly signal: AbortSignal;
  /** Seconds after which the trial of a worker that is silent is another's; compiling alone is silent for up to 2. */
  readonly lockSeconds: number;
  /** The outcome, as a message. What it throws ends this worker, and the trial goes back. */
  readonly answer: (call: TrialCall) => Promise<JsonValue>;
  readonly tell: (line: string) => void;
}

export interface TrialCall {
  readonly search: SearchMessage;
  readonly job: JobMessage;
  readonly onProgress: (progress: ProgressMessage) => void;
}

/** Workers that may die of one trial before it counts as failed. */
const MOST_STALLS = 3;
/** Workers that may give one trial back, for want of a device or of the data. */
const MOST_STARTS = 20;

const envelope = v.object({ search: v.unknown(), job: v.unknown() });

/** Until the signal, or an error of the worker's own, which is thrown. */
export async function runQueueWorker(options: QueueWorkerOptions): Promise<void> {
  const { server, signal, lockSeconds, tell } = options;
  let end = (_error: unknown): void => undefined;
  const ended = new Promise<unknown>((resolve) => {
    end = resolve;
  });
  const worker = server.openWorker(
    QUEUE,
    async (job, token) => {
      try {
        const outcome = await options.answer(callOf(job));
        if (!isInterrupted(outcome)) return outcome;
      } catch (error) {
        // A message that is none is nobody's trial.
        if (error instanceof FormatError || job.attemptsStarted > MOST_STARTS) throw error;
        end(error);
      }
      await job.moveToWait(token);
      throw new server.WaitingError();
    },
    {
      concurrency: 1,
      lockDuration: 1000 * lockSeconds,
      stalledInterval: 5000,
      maxStalledCount: MOST_STALLS,
    },
  );
  let isAway = false;
  worker.on("error", () => {
    if (!isAway) tell(`${server.name} does not answer; waiting for it`);
    isAway = true;
  });
  worker.on("active", () => {
    isAway = false;
  });
  const stop = (): void => end(null);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  const error = await ended;
  // The trial at hand is given back first; a server that is away is not waited for.
  await Promise.race([worker.close(), sleep(5000)]);
  if (error !== null) throw error;
}

function callOf(job: Job): TrialCall {
  const found = v.safeParse(envelope, job.data);
  if (!found.success) throw new FormatError("worker: a job must be a trial, got something else");
  let last = Promise.resolve();
  return {
    search: readSearch(found.output.search),
    job: readJob(found.output.job),
    onProgress: (progress) => {
      last = last.then(() => job.updateProgress({ ...progress })).catch(() => undefined);
    },
  };
}

function isInterrupted(outcome: JsonValue): boolean {
  return (outcome as { readonly kind?: unknown }).kind === "interrupted";
}
