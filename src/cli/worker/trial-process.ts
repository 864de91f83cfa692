// A worker of `tune --workers`, as a process of its own: started by the chief (outcomes/trial-places.ts), told by it what to do,
// over the channel that Node gives a child; gone when the chief is. It prints nothing.

import { join } from "node:path";
import { openDevice } from "../../io/adapter.ts";
import type { ChiefMessage, WorkerMessage } from "../../queue/local-workers.ts";
import { answerJob, type WorkerEnd } from "../../queue/remote-trials.ts";
import { readJob, readSearch } from "../../queue/trial-message.ts";
import { FolderExchange } from "../../queue/weights-exchange.ts";
import { PartCheckpoints } from "../../runs/part-checkpoints.ts";
import type { TrainingPlan } from "../../train/training.ts";
import { createTerminal } from "../frame/terminal.ts";
import { openWorkerSearch } from "../inputs/worker-search.ts";

type SearchOrder = Extract<ChiefMessage, { type: "search" }>;

/** Ctrl-C reaches all processes of a terminal; the chief says what it means. */
for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);
process.on("disconnect", () => process.exit(0));
process.on("uncaughtException", broken);

let stopping = new AbortController();
let worker: Promise<WorkerEnd<TrainingPlan>> | null = null;

process.on("message", (message: ChiefMessage) => {
  if (message.type === "stop") stopping.abort();
  else if (message.type === "search") {
    worker = openWorker(message);
    worker.catch(broken);
  } else void answer(message.job).catch(broken);
});

async function openWorker({ search, local }: SearchOrder): Promise<WorkerEnd<TrainingPlan>> {
  const message = readSearch(search);
  const { out, adapter } = local;
  const device = await openDevice(adapter === null ? {} : { adapter });
  const { checkpointMinutes: minutes } = message;
  const opened = await openWorkerSearch(message, {
    device,
    terminal: createTerminal({ write: () => true }, { quiet: true }),
    signal: stopping.signal,
    data: local.data ?? undefined,
    dropMissing: local.dropMissing,
    weights: undefined,
    checkpoints: new PartCheckpoints(out, { minutes, adapter: device.name }),
    onProgress: (progress) => tell({ type: "progress", progress }),
  });
  const ranOn = { adapter: device.name, driver: device.info.description };
  return { ...opened, ...ranOn, exchange: new FolderExchange(join(out, "exchange")) };
}

async function answer(job: unknown): Promise<void> {
  if (stopping.signal.aborted) stopping = new AbortController();
  const end = await worker;
  if (!end) throw new Error("worker: was given a trial before its search");
  tell({ type: "outcome", outcome: await answerJob(end, readJob(job), stopping.signal) });
}

function tell(message: WorkerMessage): void {
  process.send?.(message);
}

/** The chief starts another in its place. */
function broken(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.send?.({ type: "broken", message } satisfies WorkerMessage, () => process.exit(2));
}
