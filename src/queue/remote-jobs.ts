// Jobs that other processes do, as the chief sees them: it asks, waits for the answer, and takes over the weights that lie in the
// exchange for it. How messages travel is local-workers.ts's and bull-trials.ts's.

import { VitrineError } from "../engine/core/errors.ts";
import type { NamedTensor } from "../io/safetensors.ts";
import type { JobMessage, OutcomeMessage, ProgressMessage, WeightsRef } from "./trial-message.ts";
import type { WeightsExchange } from "./weights-exchange.ts";

/** Local processes, or a queue. */
export interface JobTransport {
  /**
   * The worker's answer; of another worker where one dies. Throws what ends the work: a DeviceError where workers die of
   * the job again and again.
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
  readonly transport: JobTransport;
  readonly exchange: WeightsExchange;
  readonly onProgress: (id: string, progress: ProgressMessage) => void;
  /**
   * Milliseconds that are waited after Ctrl-C, for a server that may be away. Default without end: workers write a checkpoint
   * first.
   */
  readonly grace?: number;
}

export type Answer = Exclude<OutcomeMessage, { kind: "interrupted" | "refused" }>;

export class RemoteJobs {
  readonly #options: RemoteOptions;

  constructor(options: RemoteOptions) {
    this.#options = options;
  }

  /** What comes of the answer; null when interrupted. `parent`: weights that the job begins with. */
  async run<T>(
    { id }: Pick<JobMessage, "id">,
    how: {
      readonly signal: AbortSignal | undefined;
      readonly parent?: readonly NamedTensor[] | null;
      readonly message: (parent: WeightsRef | null) => JobMessage;
      readonly take: (answer: Answer) => Promise<T>;
    },
  ): Promise<T | null> {
    const work = async (): Promise<T | null> => {
      const { transport, exchange, onProgress } = this.#options;
      const parent = how.parent ? await exchange.put(id, "parent", how.parent) : null;
      const answer = await transport.run(how.message(parent), {
        signal: how.signal,
        onProgress: (progress) => onProgress(id, progress),
      });
      if (answer.kind === "interrupted") return null;
      if (answer.kind === "refused") throw new VitrineError(answer.message, answer.details);
      return await how.take(answer).catch(async (error: unknown) => {
        // An outcome without its weights is none: the job is run again when the work goes on.
        await transport.recorded(id);
        throw error;
      });
    };
    const { grace } = this.#options;
    if (grace === undefined) return await work();
    const stopped = stoppedBy(how.signal, grace);
    const outcome = await Promise.race([work(), stopped.promise]);
    stopped.forget();
    return outcome;
  }

  /** Weights that an answer tells of; they go when the job is recorded. */
  weights(id: string, ref: WeightsRef): Promise<readonly NamedTensor[]> {
    return this.#options.exchange.get(id, ref);
  }

  /** The job's outcome is on disk; until then, a chief that is killed must find it where it was. */
  async recorded(id: string): Promise<void> {
    const { transport, exchange } = this.#options;
    // In this order: a worker that was taken for dead may still send weights for as long as there is the job.
    await transport.recorded(id);
    await exchange.clear(id);
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
