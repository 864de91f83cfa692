// The processes that a study trains in, where it does not train by itself.

import os from "node:os";
import type { Device } from "../../engine/core/device.ts";
import { yieldToDriver } from "../../io/adapter.ts";
import type { RowFlags } from "../../queue/local-workers.ts";
import type { SearchMessage } from "../../queue/trial-message.ts";
import type { StudySettings } from "../../report/story/study-record.ts";
import { tableOn } from "../../runs/kernel-table.ts";
import { CHECKPOINT_MINUTES } from "../../study/checkpoints.ts";
import type { StudyWorkers } from "../../study/remote-trainings.ts";
import type { Terminal } from "../frame/terminal.ts";
import { type AdapterFlags, openAdapter } from "../inputs/open-adapter.ts";
import { rowFlags } from "../inputs/worker-flags.ts";
import { localPlace } from "./trial-places.ts";

/** On two cores, LeNet-5's trainings side by side come to 13 ms a step where one alone takes 16. */
const SOFTWARE_WORKERS = 2;

interface StudyFlags extends AdapterFlags, RowFlags {
  readonly data?: string | undefined;
}

/** Whether there are workers is only known of an open device. */
export function openStudyAdapter(flags: StudyFlags): Promise<Device> {
  return openAdapter({ ...flags, workers: flags.workers ?? SOFTWARE_WORKERS });
}

function workersFor({ isSoftware }: Device, cores = os.availableParallelism()): number {
  return isSoftware ? Math.min(SOFTWARE_WORKERS, cores) : 1;
}

interface Asking {
  readonly flags: StudyFlags;
  readonly terminal: Terminal;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

interface Study {
  readonly device: Device;
  readonly out: string;
  readonly settings: StudySettings;
}

/** Null: the study trains by itself. */
export async function openStudyWorkers(
  { flags, terminal, say, signal }: Asking,
  { device, out, settings }: Study,
): Promise<StudyWorkers | null> {
  const { workers = workersFor(device), data, adapter, deviceMemory } = flags;
  if (workers === 1) {
    yieldToDriver(device);
    return null;
  }
  say(`workers    ${workers} processes, to the bits of one; --workers 1 trains in this one`);
  const search: SearchMessage = {
    ...{ study: "local", flags: [], description: settings },
    ...{ checkpointMinutes: CHECKPOINT_MINUTES, kernels: tableOn(device) },
    command: "study",
  };
  const local = { out, workers, data, rows: rowFlags(flags), adapter, deviceMemory };
  const onProgress = undefined;
  const { options, display, close } = await localPlace({
    ...{ terminal, search, signal, onProgress },
    ...local,
  });
  return {
    ...{ count: workers, options },
    begin: (id, name) => display.begin(id, name),
    end: (id) => display.end(id),
    close: async () => {
      await close();
      // Transfer models are trained here.
      yieldToDriver(device);
    },
  };
}
