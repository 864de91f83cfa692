// What a worker makes of work that it is told of: trials, folds, or a study's trainings.

import type { SearchMessage } from "../../queue/trial-message.ts";
import type { JobAnswerer } from "../../queue/worker-answer.ts";
import { useChiefsKernels } from "./kernel-tables.ts";
import { openWorkerFolds } from "./worker-folds.ts";
import { openWorkerSearch, type WorkerMeans } from "./worker-search.ts";
import { openWorkerStudy } from "./worker-study.ts";

const OPEN = { tune: openWorkerSearch, kfold: openWorkerFolds, study: openWorkerStudy } as const;

/** Throws UsageError where the work would be another one here: other data, other weights, another version. */
export function openWorkerJobs(message: SearchMessage, means: WorkerMeans): Promise<JobAnswerer> {
  useChiefsKernels(means.device, message.kernels, (line) => means.terminal.print(line));
  return OPEN[message.command](message, means);
}
