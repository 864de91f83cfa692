// Workers of a tiny study within the test's own process: each answers jobs as a worker process does, messages pass through JSON and
// weights through a folder, so that nothing but the processes themselves is lacking.

import { join } from "node:path";
import type { Device } from "../../src/engine/core/device.ts";
import type { JobTransport } from "../../src/queue/remote-jobs.ts";
import { readJob, readOutcome } from "../../src/queue/trial-message.ts";
import { FolderExchange } from "../../src/queue/weights-exchange.ts";
import { answerJob } from "../../src/queue/worker-answer.ts";
import {
  limitedData,
  splitRows,
  type TrainingContext,
  type Trainings,
  Workbench,
} from "../../src/study/context.ts";
import { OwnTrainings } from "../../src/study/own-trainings.ts";
import { type StudyWorkers, studyAnswers } from "../../src/study/remote-trainings.ts";
import { DATA, TINY } from "./tiny-study.ts";

export interface WorkersHere {
  readonly count: number;
  /** What a worker is in place of what it would be. */
  readonly as?: (own: Trainings) => Trainings;
  /** Hears of the jobs that are begun and ended, by the names that a person sees. */
  readonly listener?: (what: string) => void;
}

export function workersHere(
  out: string,
  { count, as = (own) => own, listener = () => undefined }: WorkersHere,
): (device: Device) => Promise<StudyWorkers> {
  return async (device) => {
    const exchange = await FolderExchange.open(join(out, "exchange"));
    const context = contextOf(device);
    const own = (): Trainings => as(new OwnTrainings(context, (step) => join(out, step)));
    const idle = Array.from({ length: count }, () => studyAnswers(own()));
    const names = new Map<string, string>();
    const how = { exchange, adapter: device.name, driver: "of a test" };
    const transport: JobTransport = {
      run: async (job, { signal }) => {
        const worker = idle.pop();
        if (!worker) throw new Error(`more than ${count} jobs at once`);
        try {
          const told = readJob(through(job));
          return readOutcome(through(await answerJob(worker, told, { ...how, signal })));
        } finally {
          idle.push(worker);
        }
      },
      recorded: async () => undefined,
    };
    return {
      count,
      options: { transport, exchange, onProgress: () => undefined },
      begin: (id, name) => {
        names.set(id, name);
        listener(`${name} begins`);
      },
      end: (id) => listener(`${names.get(id)} ends`),
      close: () => exchange.removeAll(),
    };
  };
}

const through = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function contextOf(device: Device): TrainingContext {
  const data = limitedData(DATA, TINY);
  return {
    ...{ settings: TINY, data, rows: splitRows(data, TINY) },
    bench: new Workbench(data, async () => device),
    screen: { say: () => undefined, training: () => ({ ...SILENT }) },
    signal: new AbortController().signal,
  };
}

const nothing = (): void => undefined;
const SILENT = {
  ...{ onCompile: nothing, onCompiled: nothing, onEpochBegin: nothing },
  ...{ onProgress: nothing, onEpochEnd: nothing },
};
