// The device that a command's flags ask for, and what is said of rows that do not fit on it.

import type { Device } from "../../engine/core/device.ts";
import type { Precision } from "../../engine/layers/variables.ts";
import { formatMemory } from "../../format/number-format.ts";
import { type OpenOptions, openDevice } from "../../io/adapter.ts";
import type { DeviceData } from "../../train/device-data.ts";
import { checkPrecision } from "../../train/precision.ts";

const MEGABYTE = 2 ** 20;

export interface AdapterFlags {
  readonly adapter?: string | undefined;
  /** In MB. */
  readonly deviceMemory?: number | undefined;
  /** Default true. */
  readonly fuse?: boolean | undefined;
  /** Default `float32`. */
  readonly precision?: Precision | undefined;
  /** That this process starts: the device's own work is small then, and they are to have its priority. Default 1, none. */
  readonly workers?: number | undefined;
}

/** Throws DeviceError where there is no such adapter, or it lacks the precision that is asked for. */
export async function openAdapter(flags: AdapterFlags): Promise<Device> {
  const { adapter, deviceMemory, fuse = true, precision = "float32", workers = 1 } = flags;
  const options: OpenOptions = {
    keepsPriority: workers > 1,
    ...(adapter && { adapter }),
    ...(deviceMemory && { rowBudget: deviceMemory * MEGABYTE }),
  };
  const device = await openDevice(options);
  device.rungTable.fuses = fuse;
  checkPrecision(device, precision);
  return device;
}

/** A line on rows that are streamed; null where they lie on the device. */
export function streamingLine({ name, streaming }: DeviceData): string | null {
  if (!streaming) return null;
  const { reason, bytes, budget } = streaming;
  const why =
    reason === "memory"
      ? "the device has no memory left for them"
      : `rows may take ${formatMemory(budget)} there, see --device-memory`;
  return `streamed   ${name}: its ${formatMemory(bytes)} stay on the host, and each step's rows are brought to the device; ${why}`;
}
