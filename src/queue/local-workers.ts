// Workers that are child processes of the chief, on the machine it runs on. They are started when there is work for them, each
// with a device of its own; one that dies is replaced, and its trial run again. Without the chief they end.

import type { ChildProcess } from "node:child_process";
import { DeviceError } from "../engine/core/errors.ts";
import type { JsonValue } from "../io/files.ts";
import type { JobTransport, TransportOptions } from "./remote-jobs.ts";
import {
  type JobMessage,
  jobName,
  type OutcomeMessage,
  readOutcome,
  readProgress,
  type SearchMessage,
} from "./trial-message.ts";

/** From the chief. */
export type ChiefMessage =
  | { readonly type: "search"; readonly search: SearchMessage; readonly local: LocalMeans }
  | { readonly type: "job"; readonly job: JobMessage }
  | { readonly type: "stop" };

/** What the chief's flags say of its rows: a worker that read them otherwise would have others. */
export interface RowFlags {
  readonly dropMissing?: boolean;
  readonly keepDuplicates?: boolean;
  readonly shape?: string | undefined;
  readonly labelColumn?: string | undefined;
  readonly classNames?: string | undefined;
}

/** What a worker on the same machine takes from the chief as it is. */
export interface LocalMeans {
  /** Folder of the study. */
  readonly out: string;
  readonly data: string | null;
  readonly rows: RowFlags;
  readonly adapter: string | null;
  /** MB of rows on the device of each worker; null: as without the flag. */
  readonly deviceMemory: number | null;
}

/** From the worker; `broken` is its last. */
export type WorkerMessage =
  | { readonly type: "progress"; readonly progress: JsonValue }
  | { readonly type: "outcome"; readonly outcome: JsonValue }
  | { readonly type: "broken"; readonly message: string };

export interface LocalWorkersOptions {
  /** A process with a channel, that listens for `ChiefMessage`s. */
  readonly start: () => ChildProcess;
  readonly search: SearchMessage;
  readonly local: LocalMeans;
  /** Gets a line where a worker is replaced. */
  readonly tell?: (line: string) => void;
}

/** Workers that one trial may end: more, and it is the trial's doing, or the machine's. */
const MOST_DEATHS = 3;

export class LocalWorkers implements JobTransport {
  readonly #options: LocalWorkersOptions;
  readonly #idle: LocalWorker[] = [];
  readonly #all = new Set<LocalWorker>();

  constructor(options: LocalWorkersOptions) {
    this.#options = options;
  }

  async run(job: JobMessage, how: TransportOptions): Promise<OutcomeMessage> {
    for (let deaths = 1; ; deaths++) {
      if (how.signal?.aborted) return { kind: "interrupted" };
      const worker = this.#idle.pop() ?? this.#start();
      const answer = await worker.run(job, how);
      if (!("death" in answer)) {
        this.#idle.push(worker);
        return answer;
      }
      this.#all.delete(worker);
      if (how.signal?.aborted) return { kind: "interrupted" };
      if (deaths === MOST_DEATHS) {
        throw new DeviceError(
          `worker: job ${jobName(job)} ended ${deaths} workers, the last with ${answer.death}`,
          { help: "use fewer workers, or another adapter", remedies: ["workers", "adapter"] },
        );
      }
      const line = `worker ended with ${answer.death}; another runs ${jobName(job)} again`;
      this.#options.tell?.(line);
    }
  }

  async recorded(_id: string): Promise<void> {
    // Nothing is kept of it here.
  }

  /** Ends those that have nothing to do, and waits for them. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((worker) => worker.end()));
  }

  #start(): LocalWorker {
    const { start, search, local } = this.#options;
    const worker = new LocalWorker(start());
    worker.send({ type: "search", search, local });
    this.#all.add(worker);
    return worker;
  }
}

class LocalWorker {
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  #reason: string | null = null;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.on("error", (error) => resolve(error.message));
      child.on("exit", (code, signal) => resolve(this.#reason ?? describeExit(code, signal)));
    });
  }

  /** The answer, or how the process ended without one. */
  async run(
    job: JobMessage,
    { signal, onProgress }: TransportOptions,
  ): Promise<OutcomeMessage | { readonly death: string }> {
    const stop = (): void => this.send({ type: "stop" });
    signal?.addEventListener("abort", stop);
    let listen = (_: WorkerMessage): void => undefined;
    const answered = new Promise<OutcomeMessage>((resolve, reject) => {
      listen = (message) => {
        try {
          if (message.type === "broken") this.#reason = message.message;
          else if (message.type === "progress") onProgress(readProgress(message.progress));
          else resolve(readOutcome(message.outcome));
        } catch (error) {
          reject(error);
        }
      };
    });
    this.#child.on("message", listen);
    this.send({ type: "job", job });
    try {
      return await Promise.race([answered, this.#ended.then((death) => ({ death }))]);
    } finally {
      this.#child.off("message", listen);
      signal?.removeEventListener("abort", stop);
    }
  }

  send(message: ChiefMessage): void {
    // A process that is gone is told of by its end.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** The end of its channel is a worker's sign to go. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === "SIGKILL") return "SIGKILL, most likely because memory ran out";
  return signal ?? `exit code ${code}`;
}
