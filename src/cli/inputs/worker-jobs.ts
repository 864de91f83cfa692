// What a worker makes of work that it is told of, trials or folds.

import type { SearchMessage } from "../../queue/trial-message.ts";
import type { JobAnswerer } from "../../queue/worker-answer.ts";
import { useChiefsKernels } from "./kernel-tables.ts";
import { openWorkerFolds } from "./worker-folds.ts";
import { openWorkerSearch, type WorkerMeans } from "./worker-search.ts";

/** Throws UsageError where the work would be another one here: other data, other weights, another version. */
export function openWorkerJobs(message: SearchMessage, means: WorkerMeans): Promise<JobAnswerer> {
  useChiefsKernels(means.device, message.kernels, (line) => means.terminal.print(line));
  return message.command === "kfold"
    ? openWorkerFolds(message, means)
    : openWorkerSearch(message, means);
}
