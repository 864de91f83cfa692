// The page of a run, from the printed address to the last event: a server, the log of what was told, and what listens to the training for it. It
// changes nothing of what is trained unless the person at the page does.

import { messageOf, UsageError } from "../../engine/core/errors.ts";
import type { RunEvent } from "../../page/live/live-events.ts";
import type { Callback } from "../../train/callbacks/callback.ts";
import type { FitRun } from "../../train/fit.ts";
import { EpochPictures, type PicturesOptions } from "../../watch/epoch-pictures.ts";
import { EventLog } from "../../watch/event-log.ts";
import { LayerTimes, type LayerTimesOptions } from "../../watch/layer-times.ts";
import { LiveFit } from "../../watch/live-fit.ts";
import { livePage } from "../../watch/live-page.ts";
import { type LiveServer, serveLive } from "../../watch/live-server.ts";
import { type RateChange, Steering, type SteeringOptions } from "../../watch/steering.ts";
import { isAbort } from "../frame/failure.ts";
import { WATCH_PORT, type WatchFlags, wantsWatch } from "../inputs/watch-flags.ts";

export interface WatchContext {
  readonly flags: WatchFlags & { readonly quiet: boolean };
  readonly say: (text?: string) => void;
  readonly signal: AbortSignal;
  readonly interrupt: () => void;
}

/** What one training is looked at with. */
export type TrainingWatched = Pick<SteeringOptions, "schedule"> &
  Omit<PicturesOptions, "log"> &
  Pick<LayerTimesOptions, "setup"> & { readonly epochs: number; readonly batchSize: number };

export interface Ended {
  readonly ended: "finished" | "early" | "interrupted" | "failed";
  readonly message: string;
}

export class Watching {
  readonly log = new EventLog();
  readonly fit = new LiveFit(this.log);
  readonly #context: WatchContext;
  #server: LiveServer | null = null;
  #steering: Steering | null = null;
  #pictures: EpochPictures | null = null;
  #times: LayerTimes | null = null;
  #isStoppedByPage = false;

  private constructor(context: WatchContext) {
    this.#context = context;
  }

  /** Null where no flag asks for it. Throws UsageError for a port that cannot be had. */
  static async open(context: WatchContext, run: Omit<RunEvent, "type">): Promise<Watching | null> {
    const { flags, signal } = context;
    if (!wantsWatch(flags)) return null;
    const watching = new Watching(context);
    const { log } = watching;
    const port = flags.watchPort ?? WATCH_PORT;
    const server = await serveLive({
      ...{ port, log, actions: watching.#actions() },
      html: await livePage(`${run.model} - ${run.command}`),
    }).catch((error) => {
      const isPort = error instanceof UsageError && error.argument === "port";
      if (!isPort) throw error;
      const { message, help } = error;
      throw new UsageError(`--watch-${message}`, help === undefined ? {} : { help });
    });
    watching.#server = server;
    log.tell({ type: "run", ...run });
    const stopping = (): void =>
      log.tell({ type: "stopping", isByPage: watching.#isStoppedByPage });
    signal.addEventListener("abort", stopping, { once: true });
    watching.#tellAddress(server, port);
    return watching;
  }

  /** Callbacks for `fit`: the first before its own, the last after them. */
  training({ schedule, setup, epochs, batchSize, ...seen }: TrainingWatched): {
    readonly first: readonly Callback[];
    readonly last: readonly Callback[];
  } {
    const { log, fit } = this;
    const { signal } = this.#context;
    fit.begin({ name: "run", epochs, batchSize, remaining: 0 });
    this.#steering = new Steering({ log, schedule, place: () => fit.place });
    this.#pictures = new EpochPictures({ ...seen, log });
    this.#times = new LayerTimes({ log, setup, signal, device: seen.device });
    return { first: [this.#steering], last: [this.#pictures, this.#times] };
  }

  /** The training whose programs predict for the page. */
  set run(run: FitRun) {
    if (this.#pictures) this.#pictures.run = run;
  }

  /** What the person at the page made of the learning rate. */
  get rateChanges(): readonly RateChange[] {
    return this.#steering?.changes ?? [];
  }

  /** Does the work, and tells the page how it ended, whichever way; then the server goes, or stays as the flag says. */
  async during(work: () => Promise<Ended>): Promise<void> {
    const { flags, signal } = this.#context;
    let failed: { readonly error: unknown } | null = null;
    const end: Ended = await work().catch((error) => {
      failed = { error };
      if (isAbort(error)) return { ended: "interrupted", message: "nothing was saved" };
      return { ended: "failed", message: messageOf(error) };
    });
    // Whoever pressed Ctrl-C wants the command to end.
    const isOver = failed !== null || (signal.aborted && !this.#isStoppedByPage);
    const stays = flags.watchStay && !isOver;
    this.log.tell({ type: "end", ...end, stays });
    if (stays) await this.#stay();
    await this.#server?.close();
    if (failed !== null) throw (failed as { readonly error: unknown }).error;
  }

  #actions() {
    return {
      stop: () => {
        this.#isStoppedByPage = !this.#context.signal.aborted;
        this.#context.interrupt();
      },
      rate: (body: unknown) => {
        if (!this.#steering) {
          throw new UsageError("rate: can be set while one model trains, got none that may change");
        }
        const isObject = typeof body === "object" && body !== null;
        this.#steering.set(isObject && "rate" in body ? body.rate : body);
      },
      measure: () => {
        if (!this.#times) throw new UsageError("measure: is for the training of one model");
        this.#times.request();
      },
    };
  }

  /** With --quiet too, on stderr: without the address the flag would be for nothing. */
  #tellAddress({ address, port }: LiveServer, wanted: number): void {
    const { flags, say } = this.#context;
    const note = port === wanted ? "" : `   (port ${wanted} is taken)`;
    const line = `watch      ${address}${note}`;
    if (flags.quiet) process.stderr.write(`${line}\n`);
    else say(line);
  }

  async #stay(): Promise<void> {
    const { say, signal } = this.#context;
    say("the page stays at its address until Ctrl-C");
    // Once the page has stopped the run, the next Ctrl-C ends the process at once.
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
