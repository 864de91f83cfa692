// The checkpoints of one training, as `fit` hands them out: written to the run's folder, and kept in memory for a device that
// is lost. A disk that is full ends no training.

import type { CheckpointStore, TrainingState } from "../train/training-state.ts";
import { isOfFiles } from "./best-effort.ts";
import {
  type FoundCheckpoint,
  readCheckpoint,
  removeCheckpoints,
  writeCheckpoint,
} from "./checkpoint-file.ts";

export interface CheckpointsOptions {
  readonly minutes: number;
  /** Name of the adapter at hand; checkpoints of another one do not count. */
  readonly adapter: string;
  /** Gets one line where a checkpoint cannot be written; told once. */
  readonly tell?: (line: string) => void;
}

export class Checkpoints implements CheckpointStore {
  readonly minutes: number;
  /** Newest state of this training, its own or that it went on from. */
  latest: TrainingState | null;
  /** The file that the training went on from; null where it began anew. */
  readonly found: FoundCheckpoint | null;
  readonly #folder: string;
  readonly #options: CheckpointsOptions;
  readonly #start = performance.now();
  #isTold = false;

  private constructor(folder: string, options: CheckpointsOptions, found: FoundCheckpoint | null) {
    this.#folder = folder;
    this.#options = options;
    this.minutes = options.minutes;
    this.found = found;
    this.latest = found?.state ?? null;
  }

  /** Of a folder that is there, and this process's. Throws FormatError where checkpoints are there and all are damaged. */
  static async open(folder: string, options: CheckpointsOptions): Promise<Checkpoints> {
    const found = await readCheckpoint(folder);
    if (!found || found.adapter === options.adapter) return new Checkpoints(folder, options, found);
    options.tell?.(
      `${found.path}: is of another adapter, ${found.adapter}, so training begins anew`,
    );
    return new Checkpoints(folder, options, null);
  }

  /** Of the training, in this process and in earlier ones. */
  get seconds(): number {
    return (this.found?.seconds ?? 0) + (performance.now() - this.#start) / 1000;
  }

  /** Gives the disk room for what is worth more: all but the newest go. */
  async makeRoom(): Promise<void> {
    await removeCheckpoints(this.#folder, { kept: 1 });
  }

  readonly save = async (state: TrainingState): Promise<void> => {
    this.latest = state;
    const { seconds } = this;
    const { adapter } = this.#options;
    await writeCheckpoint(this.#folder, { state, seconds, adapter }).catch((error: unknown) => {
      if (!isOfFiles(error)) throw error;
      if (!this.#isTold) this.#options.tell?.(`${error.message}; training goes on`);
      this.#isTold = true;
    });
  };
}
