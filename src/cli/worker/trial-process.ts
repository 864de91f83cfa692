// A worker of `tune`, `kfold` or `study` with --workers, as a process of its own: started by the chief (outcomes/trial-places.ts), told by it what to do,
// over the channel that Node gives a child; gone when the chief is. It prints nothing.

import { join } from "node:path";
import { messageOf } from "../../engine/core/errors.ts";
import type { ChiefMessage, WorkerMessage } from "../../queue/local-workers.ts";
import { readJob, readSearch } from "../../queue/trial-message.ts";
import { FolderExchange } from "../../queue/weights-exchange.ts";
import { answerJob, type Exchanging, type JobAnswerer } from "../../queue/worker-answer.ts";
import { PartCheckpoints } from "../../runs/part-checkpoints.ts";
import { createTerminal } from "../frame/terminal.ts";
import { openAdapter } from "../inputs/open-adapter.ts";
import { openWorkerJobs } from "../inputs/worker-jobs.ts";

type SearchOrder = Extract<ChiefMessage, { type: "search" }>;

/** Ctrl-C reaches all processes of a terminal; the chief says what it means. */
for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);
process.on("disconnect", () => process.exit(0));
process.on("uncaughtException", broken);

let stopping = new AbortController();

interface Opened {
  readonly answer: JobAnswerer;
  readonly exchanging: Omit<Exchanging, "signal">;
}
let worker: Promise<Opened> | null = null;

process.on("message", (message: ChiefMessage) => {
  if (message.type === "stop") stopping.abort();
  else if (message.type === "search") {
    worker = openWorker(message);
    worker.catch(broken);
  } else void answer(message.job).catch(broken);
});

async function openWorker({ search, local }: SearchOrder): Promise<Opened> {
  const message = readSearch(search);
  const { out, adapter, deviceMemory } = local;
  const device = await openAdapter({
    adapter: adapter ?? undefined,
    deviceMemory: deviceMemory ?? undefined,
  });
  const { checkpointMinutes: minutes } = message;
  const answer = await openWorkerJobs(message, {
    device,
    terminal: createTerminal({ write: () => true }, { quiet: true }),
    signal: stopping.signal,
    data: local.data ?? undefined,
    rows: local.rows,
    weights: undefined,
    out,
    checkpoints: new PartCheckpoints(out, { minutes, adapter: device.name }),
    onProgress: (progress) => tell({ type: "progress", progress }),
  });
  const ranOn = { adapter: device.name, driver: device.info.description };
  const exchange = new FolderExchange(join(out, "exchange"));
  return { answer, exchanging: { ...ranOn, exchange } };
}

async function answer(job: unknown): Promise<void> {
  if (stopping.signal.aborted) stopping = new AbortController();
  const opened = await worker;
  if (!opened) throw new Error("worker: was given a job before its search");
  const how = { ...opened.exchanging, signal: stopping.signal };
  tell({ type: "outcome", outcome: await answerJob(opened.answer, readJob(job), how) });
}

function tell(message: WorkerMessage): void {
  process.send?.(message);
}

/** The chief starts another in its place. */
function broken(error: unknown): void {
  const message = messageOf(error);
  process.send?.({ type: "broken", message } satisfies WorkerMessage, () => process.exit(2));
}
