// Rows on a device, in parts of what a binding holds; or on the host, where the device has no room for them.

import type { Device } from "../../engine/core/device.ts";
import { DeviceError } from "../../engine/core/errors.ts";
import { persistentTensor, type Tensor } from "../../engine/core/tensor.ts";
import { type MemoryRows, rowBytes } from "./host-rows.ts";

/** Why rows are streamed: there is no room in the budget, or the device had no memory left. */
export interface Streaming {
  readonly reason: "budget" | "memory";
  /** Of the rows, and of all that may lie on the device. */
  readonly bytes: number;
  readonly budget: number;
}

/** What is to be placed, and what its parts are called. */
export interface Placing {
  readonly rows: MemoryRows;
  readonly labelOf: (part: number) => string;
  /** Of a part at most; default: what a binding holds. */
  readonly partBytes?: number;
}

/** All of them whole on the device, whatever the budget. Throws DeviceError where a row is more than a binding holds. */
export function placeWhole(device: Device, placing: Placing): readonly Tensor[] {
  const parts = partsOf(device, placing);
  for (const { tensor } of parts) device.place(tensor);
  fillParts(device, placing, parts);
  return parts.map(({ tensor }) => tensor);
}

/** The parts of each, all of them on the device; or why they stay on the host. */
export async function placeWithin(
  device: Device,
  placings: readonly Placing[],
): Promise<readonly (readonly Tensor[])[] | Streaming> {
  const all = placings.map((placing) => partsOf(device, placing));
  const tensors = all.flat().map(({ tensor }) => tensor);
  const bytes = tensors.reduce((sum, { storage }) => sum + storage.bytes, 0);
  const { rowMemory } = device;
  const why = { bytes, budget: rowMemory.budget };
  if (!rowMemory.hasRoom(bytes)) return { reason: "budget", ...why };
  if (!(await device.placeAll(tensors))) return { reason: "memory", ...why };
  rowMemory.take(bytes);
  for (const [index, placing] of placings.entries()) {
    fillParts(device, placing, all[index] ?? []);
  }
  return all.map((parts) => parts.map(({ tensor }) => tensor));
}

export function isStreaming(placed: object): placed is Streaming {
  return "reason" in placed;
}

interface Part {
  readonly tensor: Tensor;
  readonly first: number;
  readonly count: number;
}

function partsOf(device: Device, { rows, labelOf, partBytes }: Placing): readonly Part[] {
  const size = rowBytes(rows);
  const binding = device.maxStorageBufferBindingSize;
  // A tensor takes whole vec4 words.
  const limit = Math.floor(Math.min(binding, partBytes ?? binding) / 16) * 16;
  const most = Math.floor(limit / size);
  if (most < 1) {
    throw new DeviceError(`device: a row of ${labelOf(0)} must fit a binding, got ${size} bytes`);
  }
  const parts: Part[] = [];
  for (let first = 0; first < rows.rows; first += most) {
    const count = Math.min(most, rows.rows - first);
    const tensor = persistentTensor([count, ...rows.shape], labelOf(parts.length), rows.dtype);
    parts.push({ tensor, first, count });
  }
  return parts;
}

function fillParts(device: Device, { rows }: Placing, parts: readonly Part[]): void {
  const size = rowBytes(rows);
  for (const { tensor, first, count } of parts) {
    device.write(tensor, rows.bytes.subarray(first * size, (first + count) * size));
  }
}
