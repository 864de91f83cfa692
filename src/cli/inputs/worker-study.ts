// What a worker makes of a study that it is told of: it loads the data set for itself, plans the study as `study` does, and trains
// only where that comes to the study of the chief. States and runs go where the study itself would leave them, so a worker is
// of the same machine.

import { join } from "node:path";
import * as v from "valibot";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { count } from "../../io/saved-values.ts";
import type { SearchMessage } from "../../queue/trial-message.ts";
import type { JobAnswerer } from "../../queue/worker-answer.ts";
import { firstDifference } from "../../runs/json-difference.ts";
import { asJson } from "../../runs/search-description.ts";
import { limitedData, splitRows, Workbench } from "../../study/context.ts";
import { OwnTrainings } from "../../study/own-trainings.ts";
import { studySettings } from "../../study/plan.ts";
import { studyAnswers } from "../../study/remote-trainings.ts";
import { loadData } from "./data-set.ts";
import { otherHere, type WorkerMeans, workerProgress } from "./worker-search.ts";

/** What a study is planned from. */
const asked = v.object({ quick: v.boolean(), seed: count });

/** Throws UsageError where the study would be another one here: other data, another version, another machine. */
export async function openWorkerStudy(
  { description }: SearchMessage,
  means: WorkerMeans,
): Promise<JobAnswerer> {
  const { device, terminal, signal, onProgress, out } = means;
  if (out === null) {
    throw new UsageError("worker: a study must be of this machine, got one of a queue");
  }
  const request = v.safeParse(asked, description);
  if (!request.success) {
    throw new FormatError("worker: a study must be described by its settings, got others");
  }
  const clean = await loadData(terminal, means.data, means.rows);
  const settings = studySettings(request.output, clean);
  const difference = firstDifference(asJson(description), asJson(settings));
  if (difference) throw otherHere(difference);
  const data = limitedData(clean, settings);
  const context = {
    ...{ settings, data, signal },
    rows: splitRows(data, settings),
    bench: new Workbench(data, async () => device),
    screen: {
      say: () => undefined,
      training: (epochs: number) => workerProgress({ epochs, hasFolds: false }, onProgress),
    },
  };
  return studyAnswers(new OwnTrainings(context, (step) => join(out, step)));
}
