// A trial that another process runs, from both ends: the chief's runner, which sends a job and makes an outcome of the answer,
// and the worker's answer to a job. How messages travel is local-workers.ts's and bull-trials.ts's.

import { DeviceError, FormatError, VitrineError } from "../engine/core/errors.ts";
import type { JsonValue } from "../io/files.ts";
import type { TrialJob, TrialModel, TrialOutcome, TrialRunner } from "../tune/tuner.ts";
import {
  type JobMessage,
  jobOf,
  type OutcomeMessage,
  outcomeMessageOf,
  type ProgressMessage,
  runningTrial,
  type WeightsRef,
} from "./trial-message.ts";
import type { WeightsExchange } from "./weights-exchange.ts";

/** Local processes, or a queue. */
export interface TrialTransport {
  /**
   * The worker's answer; of another worker where one dies. Throws what ends the search: a DeviceError where workers die of
   * the trial again and again.
   */
  run(job: JobMessage, how: TransportOptions): Promise<OutcomeMessage>;
  /** The outcome is recorded. */
  recorded(id: string): Promise<void>;
}

export interface TransportOptions {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: ProgressMessage) => void;
}

export interface RemoteOptions {
  readonly transport: TrialTransport;
  readonly exchange: WeightsExchange;
  readonly onProgress: (id: string, progress: ProgressMessage) => void;
  /**
   * Milliseconds that are waited after Ctrl-C, for a server that may be away. Default without end: workers write a checkpoint
   * first.
   */
  readonly grace?: number;
}

/** The chief's end. */
export class RemoteTrials<Plan> {
  readonly #options: RemoteOptions;
  /** Weights that lie in the exchange for a trial. */
  readonly #refs = new Map<string, WeightsRef[]>();

  constructor(options: RemoteOptions) {
    this.#options = options;
  }

  readonly run: TrialRunner<Plan> = async (job, signal) => {
    const { grace } = this.#options;
    if (grace === undefined) return await this.#outcome(job, signal);
    const stopped = stoppedBy(signal, grace);
    const outcome = await Promise.race([this.#outcome(job, signal), stopped.promise]);
    stopped.forget();
    return outcome;
  };

  async #outcome(
    job: TrialJob<Plan>,
    signal: AbortSignal | undefined,
  ): Promise<TrialOutcome | null> {
    const { transport, exchange, onProgress } = this.#options;
    const { id } = job.trial;
    const parent = job.parentWeights && (await exchange.put(`parent-${id}`, job.parentWeights));
    const answer = await transport.run(jobOf(job, parent), {
      signal,
      onProgress: (progress) => onProgress(id, progress),
    });
    // A worker may still need the parent's weights then.
    if (answer.kind === "interrupted") return null;
    this.#refs.set(id, parent ? [parent] : []);
    if (answer.kind === "refused") throw new VitrineError(answer.message);
    return await this.#taken(id, answer).catch(async (error: unknown) => {
      // An outcome without its weights is none: the trial is run again when the search goes on.
      await transport.recorded(id);
      throw error;
    });
  }

  async #taken(
    id: string,
    { kind: _, models, ...figures }: Extract<OutcomeMessage, { kind: "outcome" }>,
  ): Promise<TrialOutcome> {
    const taken: TrialModel[] = [];
    for (const { weights, ...model } of models) {
      taken.push({ ...model, weights: await this.#options.exchange.get(weights) });
      this.#refs.get(id)?.push(weights);
    }
    return { ...figures, models: taken };
  }

  /** The trial's outcome is on disk; until then, a chief that is killed must find it where it was. */
  async recorded(id: string): Promise<void> {
    const { transport, exchange } = this.#options;
    await transport.recorded(id);
    for (const ref of this.#refs.get(id) ?? []) await exchange.remove(ref);
    this.#refs.delete(id);
  }
}

/** A server that is away is waited for, but not long after the person has had enough. */
function stoppedBy(
  signal: AbortSignal | undefined,
  grace: number,
): {
  readonly promise: Promise<null>;
  readonly forget: () => void;
} {
  let forget = (): void => undefined;
  const promise = new Promise<null>((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      timer = setTimeout(() => resolve(null), grace);
    };
    forget = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
  });
  return { promise, forget };
}

export interface WorkerEnd<Plan> {
  readonly run: TrialRunner<Plan>;
  readonly planOf: (values: JobMessage["values"]) => Plan;
  readonly exchange: WeightsExchange;
  readonly adapter: string;
  readonly driver: string;
}

/** The worker's end. Throws what is no outcome: a lost device, a damaged file, a mistake of ours. */
export async function answerJob<Plan>(
  worker: WorkerEnd<Plan>,
  message: JobMessage,
  signal: AbortSignal | undefined,
): Promise<JsonValue> {
  const { exchange, adapter, driver } = worker;
  try {
    const outcome = await worker.run(await trialJob(worker, message), signal);
    if (!outcome) return { kind: "interrupted" };
    const refs = [];
    for (const { fold, weights } of outcome.models) {
      refs.push(await exchange.put(`trial-${message.id}-${fold ?? 0}`, weights));
    }
    return outcomeMessageOf(outcome, { adapter, driver }, refs);
  } catch (error) {
    const isResult = error instanceof VitrineError;
    if (!isResult || error instanceof DeviceError || error instanceof FormatError) throw error;
    return { kind: "refused", message: error.message };
  }
}

async function trialJob<Plan>(
  { planOf, exchange }: WorkerEnd<Plan>,
  message: JobMessage,
): Promise<TrialJob<Plan>> {
  const { values, initialEpoch, epochs, parent } = message;
  const parentWeights = parent && (await exchange.get(parent));
  return {
    trial: runningTrial(message),
    plan: planOf(values),
    initialEpoch,
    epochs,
    parentWeights,
  };
}
