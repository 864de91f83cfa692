// The chief's side of a queue: trials as BullMQ's jobs. A job's name is its study's and its trial's, so that adding it twice adds
// it once, and a chief that was killed finds what its workers did meanwhile. Jobs are asked after, not listened for: an event can
// be lost where a connection is cut, a state cannot; and a server that lost its jobs is given them again.

import { setTimeout as sleep } from "node:timers/promises";
import type { Job, Queue } from "bullmq";
import { DeviceError } from "../engine/core/errors.ts";
import { QUEUE, type QueueServer } from "./queue-server.ts";
import type { JobTransport, TransportOptions } from "./remote-jobs.ts";
import { nameInQueue } from "./study-id.ts";
import {
  type JobMessage,
  type OutcomeMessage,
  readOutcome,
  readProgress,
  type SearchMessage,
} from "./trial-message.ts";

const ASK_MS = 400;
const WEEK_SECONDS = 7 * 24 * 3600;
/** Jobs of a trial that fail, each after workers died of it: more, and it is the trial's doing. */
const MOST_FAILURES = 3;

export interface BullOptions {
  readonly server: QueueServer;
  readonly search: SearchMessage;
  /** Gets a line where the server is away, and where it is back. */
  readonly tell: (line: string) => void;
}

export class BullTrials implements JobTransport {
  readonly #queue: Queue;
  readonly #search: SearchMessage;
  readonly #server: QueueServer;
  readonly #tell: (line: string) => void;
  #isAway = false;
  #isClosed = false;

  constructor({ server, search, tell }: BullOptions) {
    this.#search = search;
    this.#queue = server.openQueue(QUEUE, {
      // Those that nobody came back for.
      defaultJobOptions: {
        removeOnComplete: { age: WEEK_SECONDS },
        removeOnFail: { age: WEEK_SECONDS },
      },
    });
    this.#server = server;
    this.#tell = tell;
    this.#queue.on("error", () => this.#wait());
  }

  #wait(): void {
    if (!this.#isAway) this.#tell(`${this.#server.name} does not answer; waiting for it`);
    this.#isAway = true;
  }

  async run(job: JobMessage, { signal, onProgress }: TransportOptions): Promise<OutcomeMessage> {
    const stopped = new Promise<"stopped">((resolve) => {
      if (signal?.aborted) resolve("stopped");
      signal?.addEventListener("abort", () => resolve("stopped"));
    });
    for (let failures = 0; ; ) {
      const state = await Promise.race([this.#state(job, onProgress), stopped]);
      if (state === "stopped") {
        // One that a worker has begun goes on, and is found when the search does.
        await Promise.race([this.#withdraw(job.id), sleep(1000)]);
        return { kind: "interrupted" };
      }
      this.#isAway = state === "away";
      if (typeof state === "object" && "outcome" in state) return readOutcome(state.outcome);
      if (typeof state === "object" && ++failures === MOST_FAILURES) {
        throw new DeviceError(`worker: job ${job.id} failed in the queue, ${state.reason}`, {
          help: "see what the workers said",
        });
      }
      if (typeof state === "object") await this.recorded(job.id);
      await sleep(ASK_MS);
    }
  }

  async #state(job: JobMessage, onProgress: TransportOptions["onProgress"]) {
    try {
      return await this.#ask(job, onProgress);
    } catch (error) {
      if (!this.#server.isAway(error)) throw error;
      this.#wait();
      return "away";
    }
  }

  /** How the job stands; it is added where there is none. */
  async #ask(
    job: JobMessage,
    onProgress: TransportOptions["onProgress"],
  ): Promise<"waiting" | { readonly outcome: unknown } | { readonly reason: string }> {
    const jobId = this.#jobId(job.id);
    const found: Job | undefined = await this.#queue.getJob(jobId);
    if (!found) {
      await this.#queue.add("trial", { search: this.#search, job }, { jobId });
      return "waiting";
    }
    const state = await found.getState();
    if (state === "completed") {
      // Asked again: it may have ended between the two questions.
      const ended = await this.#queue.getJob(jobId);
      return ended ? { outcome: ended.returnvalue } : "waiting";
    }
    if (state === "failed") {
      const ended = await this.#queue.getJob(jobId);
      return { reason: ended?.failedReason ?? "for no reason given" };
    }
    if (state === "active" && typeof found.progress === "object") {
      onProgress(readProgress(found.progress));
    }
    return "waiting";
  }

  async #withdraw(id: string): Promise<void> {
    const found: Job | undefined = await this.#queue.getJob(this.#jobId(id));
    // Refused for one that is being run.
    if (found && (await found.isWaiting())) await found.remove().catch(() => undefined);
  }

  async recorded(id: string): Promise<void> {
    for (;;) {
      try {
        const found: Job | undefined = await this.#queue.getJob(this.#jobId(id));
        return await found?.remove();
      } catch (error) {
        // Else it is another's again, or was removed meanwhile.
        if (this.#isClosed || !this.#server.isAway(error)) return;
        this.#wait();
        await sleep(ASK_MS);
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.race([this.#queue.close(), sleep(2000)]);
  }

  #jobId(id: string): string {
    return nameInQueue(this.#search.study, id);
  }
}
