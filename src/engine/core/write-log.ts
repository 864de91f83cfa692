// How often what lies in a persistent storage was written on a device: whoever keeps something that was computed of it (executor.ts)
// can tell whether it still holds.

import type { Storage } from "./tensor.ts";

/** Counts of writes by root storage. A device and its scopes share one. */
export class WriteLog {
  readonly #counts = new WeakMap<Storage, number>();

  /** Something has been written into it, or will be by what is encoded. */
  note(root: Storage): void {
    this.#counts.set(root, this.count(root) + 1);
  }

  count(root: Storage): number {
    return this.#counts.get(root) ?? 0;
  }
}
