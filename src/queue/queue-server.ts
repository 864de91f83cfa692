// A server that has the queue: Redis or Valkey, or PostgreSQL. BullMQ runs on either; what is different is behind this interface.

import type { Processor, Queue, QueueOptions, Worker, WorkerOptions } from "bullmq";
import type { WeightsExchange } from "./weights-exchange.ts";

/** Of trials and of folds. */
export const QUEUE = "trials";

type Without<Options> = Omit<Options, "connection" | "prefix">;

export interface QueueServer {
  /** Without user and password, for people. */
  readonly name: string;
  openQueue(name: string, options: Without<QueueOptions>): Queue;
  openWorker(name: string, processor: Processor, options: Without<WorkerOptions>): Worker;
  /** What a job's processor throws that has given the job back. */
  readonly WaitingError: new () => Error;
  /** Whether an error of the queue says that the server cannot be reached now. */
  isAway(error: unknown): boolean;
  openExchange(): ServerExchange;
}

export interface ServerExchange {
  /** For the jobs of one study. */
  of(study: string): WeightsExchange;
  close(): void;
}
