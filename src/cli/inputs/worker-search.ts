// What a worker makes of a search that it is told of: it loads the data set for itself, plans the search as `tune` does, and
// runs trials only where that comes to the study of the chief.

import type { Device } from "../../engine/core/device.ts";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { forData } from "../../models/for-data.ts";
import type { RowFlags } from "../../queue/local-workers.ts";
import { trialAnswer } from "../../queue/remote-trials.ts";
import type { ProgressMessage, SearchMessage } from "../../queue/trial-message.ts";
import type { JobAnswerer } from "../../queue/worker-answer.ts";
import { type Difference, firstDifference } from "../../runs/json-difference.ts";
import type { PartCheckpoints } from "../../runs/part-checkpoints.ts";
import { asJson } from "../../runs/search-description.ts";
import type { Values } from "../../tune/parameter.ts";
import type { TrialEvents } from "../../tune/train-trial.ts";
import { planOf } from "../../tune/tuner.ts";
import type { Terminal } from "../frame/terminal.ts";
import { askedSearch } from "./asked-model.ts";
import { loadData } from "./data-set.ts";
import { loadPretrained, openBasis } from "./model-basis.ts";
import { describeStudy, planSearch, trialRunner } from "./tune-plan.ts";
import { searchFlags } from "./worker-flags.ts";

export interface WorkerMeans {
  readonly device: Device;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly data: string | undefined;
  readonly rows: RowFlags;
  /** In place of the chief's, where the model takes any. */
  readonly weights: string | undefined;
  readonly checkpoints: PartCheckpoints;
  /** Folder of the work, where that is on this machine. */
  readonly out: string | null;
  readonly onProgress: (progress: ProgressMessage) => void;
}

/** Throws UsageError where the search would be another one here: other data, other weights, another version. */
export async function openWorkerSearch(
  message: SearchMessage,
  means: WorkerMeans,
): Promise<JobAnswerer> {
  const { device, terminal, signal, checkpoints, onProgress } = means;
  const flags = searchFlags(message.flags);
  const { seed } = flags;
  const data = await loadData(terminal, means.data, means.rows);
  const asked = await askedSearch(flags);
  const loaded = await loadPretrained(means, asked.config, means.weights ?? asked.weights);
  const pretrained = { ...loaded, config: forData(loaded.config, data.train) };
  const plan = planSearch(flags, { model: pretrained.config, own: asked.space }, data);
  checkSearch(message, describeStudy(flags, plan));
  const rows = flags.limit ?? data.train.rows;
  const basis = openBasis({ device, terminal, signal, pretrained, seed, rows });
  const run = await trialRunner({ device, basis, data, plan, flags, checkpoints }, (job) =>
    workerProgress({ epochs: job.epochs, hasFolds: flags.folds !== undefined }, onProgress),
  );
  const trials = {
    run,
    planOf: (values: Values) => planOf(plan.hyperModel, plan.space, values),
  };
  return async (job, how) => {
    if (!("values" in job))
      throw new FormatError("worker: a job of tune must be a trial, got none");
    return await trialAnswer(trials, job, how);
  };
}

function checkSearch({ description }: SearchMessage, own: object): void {
  const [theirs, ours] = [description, own].map((one) => asJson({ ...one, maxTrials: null }));
  const difference = firstDifference(theirs ?? {}, ours ?? {});
  if (difference) throw otherHere(difference);
}

/** What the chief works on and this worker would are not the same. */
export function otherHere({ at, left, right }: Difference): UsageError {
  return new UsageError(
    `worker: must come to the study of the chief, got ${at} ${right} here and ${left} there`,
    {
      help: "chief and workers need the same data set, weights and version of Vitrine",
      remedies: ["data", "weights"],
    },
  );
}

const PROGRESS_MS = 300;

/** Tells of a training as it goes, a few times a second. */
export function workerProgress(
  { epochs, hasFolds }: { readonly epochs: number; readonly hasFolds: boolean },
  onProgress: WorkerMeans["onProgress"],
): TrialEvents {
  let [epoch, steps, last] = [1, 1, 0];
  let fold = hasFolds ? 1 : null;
  const tell = (share: number): void => {
    const now = performance.now();
    if (now - last < PROGRESS_MS) return;
    last = now;
    onProgress({ fold, epoch, epochs, share: Math.min(1, share) });
  };
  return {
    onFoldBegin: (index) => {
      fold = index + 1;
    },
    onEpochBegin: (begun, count) => {
      [epoch, steps] = [begun, count];
      tell(0);
    },
    onProgress: (step) => tell(step / steps),
  };
}
