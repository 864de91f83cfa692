// Checkpoints of the trainings that work of several parts consists of, trials or folds: each in a folder of its own, which goes
// when the part is over.

import { rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Checkpoints, type CheckpointsOptions } from "./checkpoints.ts";

/** Name of the folder that holds them, within that of the work. */
const PART_CHECKPOINTS = "checkpoints";

export class PartCheckpoints {
  readonly #root: string;
  readonly #options: CheckpointsOptions;

  /** `out`: the folder of the work. */
  constructor(out: string, options: CheckpointsOptions) {
    this.#root = join(out, PART_CHECKPOINTS);
    this.#options = options;
  }

  /** Those of a part such as `fold-1`, or `trial_3/fold-1`. Where all are damaged, the part begins anew, and it is said. */
  async open(part: string): Promise<Checkpoints> {
    const folder = join(this.#root, part);
    await mkdir(folder, { recursive: true });
    return Checkpoints.open(folder, this.#options).catch(async (error: Error) => {
      this.#options.tell?.(`${error.message}; ${part} begins anew`);
      rmSync(folder, { recursive: true });
      await mkdir(folder);
      return Checkpoints.open(folder, this.#options);
    });
  }

  /** The part is over, and its outcome saved. */
  end(part: string): void {
    rmSync(join(this.#root, part), { recursive: true, force: true });
  }

  /** All parts are over. */
  endAll(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Removes those of a folder whose work is over. */
export function removeCheckpoints(out: string): void {
  rmSync(join(out, PART_CHECKPOINTS), { recursive: true, force: true });
}
