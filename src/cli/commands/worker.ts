// `npm run worker`: takes trials and folds of other machines from a queue, trains them on this machine's adapter, and sends
// figures and weights back; until it is stopped.

import { join } from "node:path";
import type { Device } from "../../engine/core/device.ts";
import { VitrineError } from "../../engine/core/errors.ts";
import type { JsonValue } from "../../io/files.ts";
import { runQueueWorker, type TrialCall } from "../../queue/bull-worker.ts";
import { findQueue } from "../../queue/find-queue.ts";
import type { JobMessage, ProgressMessage, SearchMessage } from "../../queue/trial-message.ts";
import { answerJob, type JobAnswerer } from "../../queue/worker-answer.ts";
import { foldName } from "../../runs/kfold-folder.ts";
import { PartCheckpoints } from "../../runs/part-checkpoints.ts";
import { folderOfTrial } from "../../runs/trial-file.ts";
import { CACHE } from "../../setup/files.mjs";
import { WorkersDisplay } from "../display/workers-display.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { openAdapter } from "../inputs/open-adapter.ts";
import { ADAPTER_FLAG, DATA_FLAGS } from "../inputs/shared-flags.ts";
import { QUEUE_FLAG, queueUrl } from "../inputs/worker-flags.ts";
import { openWorkerJobs } from "../inputs/worker-jobs.ts";

const FLAGS = {
  ...QUEUE_FLAG,
  ...DATA_FLAGS,
  weights: {
    type: "string",
    value: "file",
    help: "this machine's copy of the Keras file that a search starts from; default: as tune finds it",
  },
  scratch: {
    type: "string",
    value: "folder",
    help: "where checkpoints are kept; on storage that workers share, another one goes on with a dead one's trial; default .cache/worker",
  },
  "lock-seconds": {
    type: "integer",
    default: 30,
    min: 15,
    help: "the trial of a worker that is silent for so long is given to another",
  },
  ...ADAPTER_FLAG,
} as const;

type Context = CommandContext<typeof FLAGS, readonly []>;

const command = defineCommand({
  name: "npm run worker --",
  summary:
    "Trains trials and folds of other machines, which run tune or kfold with --queue, until it is stopped.",
  examples: [
    {
      command: "npm run worker -- --queue redis://10.0.0.5:6379",
      does: "one worker; start one for each GPU, on as many machines as there are",
    },
  ],
  flags: FLAGS,
  run: work,
});

async function work(context: Context): Promise<void> {
  const { flags, say, signal } = context;
  const server = await findQueue(queueUrl(flags.queue));
  const device = await openAdapter(flags);
  const exchange = server.openExchange();
  say(`adapter    ${device.name}`);
  say(`queue      ${server.name}`);
  const searches = new Searches(context, device);
  const answer = async ({ search, job, onProgress }: TrialCall): Promise<JsonValue> => {
    say(`${"fold" in job ? "fold" : "trial"} ${job.id} of study ${search.study}`);
    const start = performance.now();
    const opened = await searches.open(search, job.id, onProgress);
    const ranOn = { adapter: device.name, driver: device.info.description };
    const how = { ...ranOn, exchange: exchange.of(search.study), signal };
    const outcome = await answerJob(opened, job, how);
    searches.end(job, outcome);
    say(`${kindOf(outcome)} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    return outcome;
  };
  try {
    const { lockSeconds } = flags;
    await runQueueWorker({ server, signal, lockSeconds, answer, tell: say });
  } finally {
    exchange.close();
    device.destroy();
  }
}

function kindOf(outcome: JsonValue): string {
  const { kind, score } = outcome as { readonly kind?: string; readonly score?: number };
  if (kind === "fold") return "  trained";
  return kind === "outcome" ? `  score ${score ?? "none"}` : `  ${kind}`;
}

function partOf(job: JobMessage): string {
  return "fold" in job ? foldName(job.fold) : folderOfTrial(job.id);
}

/** The search of the last trial stays open: the next one is most often of the same. */
class Searches {
  readonly #context: Context;
  readonly #device: Device;
  readonly #display: WorkersDisplay;
  #opened: { readonly key: string; readonly search: JobAnswerer } | null = null;
  #checkpoints: PartCheckpoints | null = null;
  #onProgress: (progress: ProgressMessage) => void = () => undefined;

  constructor(context: Context, device: Device) {
    this.#context = context;
    this.#device = device;
    this.#display = new WorkersDisplay(context.terminal);
  }

  async open(
    message: SearchMessage,
    id: string,
    onProgress: (progress: ProgressMessage) => void,
  ): Promise<JobAnswerer> {
    this.#display.begin(id);
    this.#onProgress = (progress) => {
      this.#display.progress(id, progress);
      onProgress(progress);
    };
    const key = JSON.stringify(message);
    if (this.#opened?.key === key) return this.#opened.search;
    const search = await this.#load(message).catch((error: unknown) => {
      // Of this machine's files, not of the trial.
      if (error instanceof VitrineError) throw new VitrineError(error.message, { cause: error });
      throw error;
    });
    this.#opened = { key, search };
    return search;
  }

  async #load(message: SearchMessage): Promise<JobAnswerer> {
    const { flags, say, terminal, signal } = this.#context;
    const { scratch = join(CACHE, "worker"), data, weights } = flags;
    const { checkpointMinutes: minutes } = message;
    this.#checkpoints = new PartCheckpoints(join(scratch, message.study), {
      ...{ minutes, adapter: this.#device.name, tell: say },
    });
    const means = { device: this.#device, terminal, signal, data, rows: flags, weights };
    // A path of another machine's means another file here, or none.
    const told = message.flags.filter((flag) => !/^--weights=(?!imagenet$|none$)/.test(flag));
    return await openWorkerJobs(
      { ...message, flags: told },
      {
        ...means,
        ...{ checkpoints: this.#checkpoints, out: null },
        onProgress: (progress) => this.#onProgress(progress),
      },
    );
  }

  end(job: JobMessage, outcome: JsonValue): void {
    this.#display.end(job.id);
    this.#display.close();
    const { kind } = outcome as { readonly kind?: string };
    if (kind !== "interrupted") this.#checkpoints?.end(partOf(job));
  }
}

await runCommand(command);
