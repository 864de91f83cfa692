// Rows that do not lie on the device, on their way there: those of the next steps are gathered on the host in the order in which steps
// read them, and written to a window that the recorded step reads, while the steps before still run. A write takes its place in the
// queue behind those steps, so one window is enough: WebGPU holds what was written for it until they are through.

import { firstRows } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import type { Feed } from "../../engine/ops/gather.ts";
import { type HostRows, rowBytes } from "./host-rows.ts";

/** Of a window, unless a batch is larger: rows of as many steps as a submit may have. */
const WINDOW_BYTES = 32 * 2 ** 20;

/** A way to read a data set, whose rows may have to be brought for each step. */
export interface DataFeed extends Feed {
  /** Null where all rows lie on the device. */
  readonly stream: RowStream | null;
}

export interface StreamOptions {
  readonly source: HostRows;
  /** What a model should give, where that is no class. */
  readonly targets?: HostRows | undefined;
  /** Rows of a pass at most. */
  readonly capacity: number;
  /** Rows that a step reads. */
  readonly batch: number;
  readonly label: string;
}

/** What brings the rows of a program's replays before they run. */
export interface Supply {
  /** Replays whose rows are on the device at once, at most. */
  readonly most: number;
  /** Of so many replays of the pass under way, from `from` on. */
  readonly bring: (from: number, replays: number) => Promise<void>;
}

/** Of steps that read so many rows each; null where all rows lie on the device. */
export function supplyOf({ stream }: DataFeed, batch: number): Supply | null {
  if (!stream) return null;
  return {
    most: Math.floor(stream.size / batch),
    bring: (from, replays) => stream.bring(from * batch, replays * batch),
  };
}

interface Window {
  readonly rows: HostRows;
  readonly tensor: Tensor;
  readonly host: Uint8Array<ArrayBuffer>;
}

export class RowStream {
  /** Where in the window the row lies that is read at each place of a pass. */
  readonly slots: Tensor;
  /** Rows that are on the device at once. */
  readonly size: number;
  readonly #device: Device;
  readonly #source: Window;
  readonly #targets: Window | null;
  #order: Uint32Array<ArrayBuffer> = new Uint32Array();

  constructor(device: Device, options: StreamOptions) {
    const { source, targets, capacity, batch, label } = options;
    const most = Math.min(WINDOW_BYTES, device.rowMemory.budget / 2);
    const perRow = rowBytes(source) + (targets ? rowBytes(targets) : 0);
    this.size = Math.min(Math.max(batch, Math.floor(most / perRow)), Math.max(batch, capacity));
    this.#device = device;
    this.slots = device.tensor([capacity], `${label}.slots`, undefined, "u32");
    this.#source = openWindow(device, source, { rows: this.size, label: `${label}.window` });
    this.#targets = targets
      ? openWindow(device, targets, { rows: this.size, label: `${label}.targets` })
      : null;
  }

  get window(): Tensor {
    return this.#source.tensor;
  }

  get targets(): Tensor | null {
    return this.#targets?.tensor ?? null;
  }

  /** The rows of the pass under way, in the order in which steps read them. */
  set order(rows: Uint32Array<ArrayBuffer>) {
    this.#order = rows;
  }

  /** Brings the rows of so many places of the pass, from `first` on: at most `size`, and none beyond the end. */
  async bring(first: number, count: number): Promise<void> {
    const rows = this.#order.subarray(first, first + Math.min(count, this.size));
    await fill(this.#device, this.#source, rows);
    if (this.#targets) await fill(this.#device, this.#targets, rows);
    this.#device.write(this.slots, firstRows(rows.length), 4 * first);
  }
}

function openWindow(
  device: Device,
  rows: HostRows,
  { rows: count, label }: { readonly rows: number; readonly label: string },
): Window {
  return {
    rows,
    tensor: device.tensor([count, ...rows.shape], label, undefined, rows.dtype),
    host: new Uint8Array(count * rowBytes(rows)),
  };
}

async function fill(device: Device, { rows, tensor, host }: Window, numbers: Uint32Array) {
  const part = host.subarray(0, numbers.length * rowBytes(rows));
  await rows.copy(numbers, part);
  device.write(tensor, part);
}
