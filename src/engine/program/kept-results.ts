// Results of invariant dispatches (invariants.ts) on a device: buffers that are one program's alone, and whether what lies there
// still holds.

import type { Device } from "../core/device.ts";
import type { KernelSlot } from "../core/kernel-cache.ts";
import type { Storage } from "../core/tensor.ts";
import type { Invariants } from "./invariants.ts";
import type { Plan } from "./planner.ts";
import type { Workspace } from "./workspace.ts";

/** What the invariant dispatches have computed: whether it still holds. */
export class Kept {
  readonly #device: Device;
  readonly #sources: readonly Storage[];
  readonly #kernels: readonly KernelSlot[];
  /** Counts of writes and pipelines, as they were when it was computed. */
  #seen: readonly unknown[] | null = null;

  constructor(device: Device, { sources }: Invariants, kernels: readonly KernelSlot[]) {
    this.#device = device;
    this.#sources = [...sources];
    this.#kernels = kernels;
  }

  /** Whether a variable was written since, or a kernel edited; then everything is as now. */
  renew(): boolean {
    if (this.#kernels.length === 0) return false;
    const now = [
      ...this.#sources.map((root) => this.#device.writes.count(root)),
      ...this.#kernels.map(({ pipeline }) => pipeline),
    ];
    const isDue = this.#seen?.every((one, index) => one === now[index]) !== true;
    this.#seen = now;
    return isDue;
  }
}

/** The slots of what is kept from replay to replay. */
export function keptSlots({ lives, invariants }: Plan): ReadonlySet<number> {
  return new Set([...invariants.results].map((storage) => lives.get(storage)?.slot ?? -1));
}

/** A buffer for each slot: of the workspace, or the program's own for what is kept. */
export function slotsFor(device: Device, plan: Plan, workspace: Workspace): readonly GPUBuffer[] {
  const own = keptSlots(plan);
  const shared = plan.slotBytes.map((_, slot) => slot).filter((slot) => !own.has(slot));
  const claimed = workspace.claim(shared.map((slot) => plan.slotBytes[slot] ?? 0));
  const buffers = new Map(claimed.map((buffer, index) => [shared[index], buffer]));
  return plan.slotBytes.map(
    (bytes, slot) => buffers.get(slot) ?? device.buffer(bytes, `kept.${slot}`),
  );
}
