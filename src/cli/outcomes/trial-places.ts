// Where a search's trials run: in this process, one by one; or in workers, side by side.

import { fork } from "node:child_process";
import os from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BullTrials } from "../../queue/bull-trials.ts";
import { LocalWorkers } from "../../queue/local-workers.ts";
import { RedisExchange } from "../../queue/redis-exchange.ts";
import type { RedisServer } from "../../queue/redis-server.ts";
import { RemoteTrials } from "../../queue/remote-trials.ts";
import type { SearchMessage } from "../../queue/trial-message.ts";
import { FolderExchange } from "../../queue/weights-exchange.ts";
import type { TrainingPlan } from "../../train/training.ts";
import type { TrialRunner } from "../../tune/tuner.ts";
import { WorkersDisplay } from "../display/workers-display.ts";
import type { Terminal } from "../frame/terminal.ts";

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

export interface PlaceOptions {
  readonly terminal: Terminal;
  readonly search: SearchMessage;
}

export interface LocalOptions extends PlaceOptions {
  /** Folder of the study. */
  readonly out: string;
  readonly workers: number;
  readonly data: string | undefined;
  readonly dropMissing: boolean;
  readonly adapter: string | undefined;
}

/** Workers of any machine. */
export async function queuePlace(
  options: PlaceOptions & { readonly server: RedisServer },
): Promise<TrialPlace> {
  const { terminal, server, search } = options;
  const exchange = new RedisExchange(server);
  const display = new WorkersDisplay(terminal);
  const transport = new BullTrials({ server, search, tell: (line) => terminal.print(line) });
  const trials = new RemoteTrials<TrainingPlan>({
    ...{ transport, exchange, grace: 2000 },
    onProgress: display.progress,
  });
  const recorded: Promise<void>[] = [];
  return {
    run: trials.run,
    isRemote: true,
    begin: (id) => display.begin(id),
    end: (id) => {
      display.end(id);
      recorded.push(trials.recorded(id).catch(() => undefined));
    },
    close: async () => {
      display.close();
      await Promise.race([Promise.all(recorded), sleep(2000)]);
      await transport.close();
      exchange.close();
    },
  };
}

const PROCESS = fileURLToPath(new URL("../worker/trial-process.ts", import.meta.url));

/** Processes of this machine. */
export async function localPlace(options: LocalOptions): Promise<TrialPlace> {
  const { terminal, search, out, workers, dropMissing } = options;
  const { data = null, adapter = null } = options;
  const exchange = await FolderExchange.open(join(out, "exchange"));
  const display = new WorkersDisplay(terminal);
  // A software adapter's threads, which would be twice the cores in each of them.
  const threads = Math.max(1, Math.floor((2 * os.availableParallelism()) / workers));
  const env = { LP_NUM_THREADS: String(threads), ...process.env };
  const transport = new LocalWorkers({
    start: () => fork(PROCESS, { execArgv: process.execArgv, env }),
    search,
    local: { out, data, dropMissing, adapter },
    tell: (line) => terminal.print(line),
  });
  const trials = new RemoteTrials<TrainingPlan>({
    ...{ transport, exchange },
    onProgress: display.progress,
  });
  return {
    run: trials.run,
    isRemote: true,
    begin: (id) => display.begin(id),
    end: (id) => {
      display.end(id);
      // What it leaves in the exchange, a failure does as well, goes with the folder.
      void trials.recorded(id).catch(() => undefined);
    },
    close: async () => {
      display.close();
      await transport.close();
      await exchange.removeAll();
    },
  };
}
