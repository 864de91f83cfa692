// Where trials and folds run: in this process, one by one; or in workers, side by side.

import { fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { driverEnvironment } from "../../io/adapter.ts";
import { BullTrials } from "../../queue/bull-trials.ts";
import { LocalWorkers, type RowFlags } from "../../queue/local-workers.ts";
import type { QueueServer } from "../../queue/queue-server.ts";
import type { RemoteOptions } from "../../queue/remote-jobs.ts";
import { RemoteTrials } from "../../queue/remote-trials.ts";
import type { SearchMessage } from "../../queue/trial-message.ts";
import { FolderExchange } from "../../queue/weights-exchange.ts";
import type { TrainingPlan } from "../../train/training.ts";
import type { TrialRunner } from "../../tune/tuner.ts";
import { WorkersDisplay } from "../display/workers-display.ts";
import type { Terminal } from "../frame/terminal.ts";

/** Workers that are ready to be asked. */
export interface RemotePlace {
  readonly options: RemoteOptions;
  /** What each of them does. */
  readonly display: WorkersDisplay;
  /** Gets the promise of what is to be done before the place is closed, such as a job's removal. */
  readonly before: (last: Promise<void>) => void;
  close(): Promise<void>;
}

export interface PlaceOptions {
  readonly terminal: Terminal;
  readonly search: SearchMessage;
  /** Told as the display is; for the page of a run. */
  readonly onProgress: RemoteOptions["onProgress"] | undefined;
  /** Of Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface LocalOptions extends PlaceOptions {
  /** Folder of the work. */
  readonly out: string;
  readonly workers: number;
  readonly data: string | undefined;
  readonly rows: RowFlags;
  readonly adapter: string | undefined;
  readonly deviceMemory: number | undefined;
}

/** Milliseconds for what is still to be removed from a server: that may be away, and 2 s are all that a person waits. */
const REMOVAL_MS = 60_000;
const STOPPED_MS = 2000;

/** Workers of any machine. */
export async function queuePlace(
  options: PlaceOptions & { readonly server: QueueServer },
): Promise<RemotePlace> {
  const { terminal, server, search, signal } = options;
  const weights = server.openExchange();
  const exchange = weights.of(search.study);
  const display = new WorkersDisplay(terminal);
  const transport = new BullTrials({ server, search, tell: (line) => terminal.print(line) });
  const recorded: Promise<void>[] = [];
  return {
    options: { transport, exchange, grace: STOPPED_MS, onProgress: both(display, options) },
    display,
    before: (last) => recorded.push(last),
    close: async () => {
      display.close();
      const isRemoved = await within(Promise.all(recorded), signal);
      if (!isRemoved) terminal.print(`${server.name} keeps some of the work for a week`);
      await transport.close();
      weights.close();
    },
  };
}

/** Whether the work came to its end in time. */
function within(work: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const wait = (ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => end(false), ms);
    };
    const hurry = (): void => wait(STOPPED_MS);
    const end = (isInTime: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", hurry);
      resolve(isInTime);
    };
    signal.addEventListener("abort", hurry);
    wait(signal.aborted ? STOPPED_MS : REMOVAL_MS);
    void work.then(() => end(true));
  });
}

function both(display: WorkersDisplay, { onProgress }: PlaceOptions): RemoteOptions["onProgress"] {
  return (id, progress) => {
    display.progress(id, progress);
    onProgress?.(id, progress);
  };
}

/** Compiled, it ends as this file does. */
const ENDING = import.meta.url.endsWith(".ts") ? "ts" : "js";
const PROCESS = fileURLToPath(new URL(`../worker/trial-process.${ENDING}`, import.meta.url));

/** Processes of this machine. */
export async function localPlace(options: LocalOptions): Promise<RemotePlace> {
  const { terminal, search, out, workers, rows } = options;
  const { data = null, adapter = null, deviceMemory = null } = options;
  const exchange = await FolderExchange.open(join(out, "exchange"));
  const display = new WorkersDisplay(terminal);
  const env = { ...process.env, ...driverEnvironment(workers) };
  const transport = new LocalWorkers({
    start: () => fork(PROCESS, { execArgv: process.execArgv, env }),
    search,
    local: { out, data, rows, adapter, deviceMemory },
    tell: (line) => terminal.print(line),
  });
  return {
    options: { transport, exchange, onProgress: both(display, options) },
    display,
    // What is left in the exchange, a failure's as well, goes with the folder.
    before: () => undefined,
    close: async () => {
      display.close();
      await transport.close();
      await exchange.removeAll();
    },
  };
}

export interface TrialPlace {
  readonly run: TrialRunner<TrainingPlan>;
  /** Trials run in other processes, several at once. */
  readonly isRemote: boolean;
  begin(id: string): void;
  /** The trial's outcome is on disk. */
  end(id: string): void;
  close(): Promise<void>;
}

/** This process. */
export function ownPlace(run: TrialRunner<TrainingPlan>, close: () => void): TrialPlace {
  const nothing = (): void => undefined;
  return { run, isRemote: false, begin: nothing, end: nothing, close: async () => close() };
}

/** Workers, of whatever kind. */
export function remoteTrials({ options, display, before, close }: RemotePlace): TrialPlace {
  const trials = new RemoteTrials<TrainingPlan>(options);
  return {
    run: trials.run,
    isRemote: true,
    begin: (id) => display.begin(id),
    end: (id) => {
      display.end(id);
      before(trials.recorded(id).catch(() => undefined));
    },
    close,
  };
}
