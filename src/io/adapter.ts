// Opens a WebGPU device in Node through Dawn (npm `webgpu`), and lists the adapters there are. The browser needs none of
// this: there the GPU object is navigator.gpu.

import os from "node:os";
import { create, globals } from "webgpu";
import { Device, type DeviceOptions } from "../engine/core/device.ts";

Object.assign(globalThis, globals);

/** Dawn aborts the process when this is collected, even while a device lives. */
const instances: GPU[] = [];

export interface OpenOptions {
  /** Part of an adapter's name, as the driver gives it, in any case: `llvmpipe`, `nvidia`. */
  readonly adapter?: string;
  readonly onLost?: DeviceOptions["onLost"];
}

/** Opens the adapter asked for, or the one that Dawn prefers. Throws DeviceError when there is none. */
export async function openDevice(options: OpenOptions = {}): Promise<Device> {
  // llvmpipe reads this when the adapter is requested: twice as many threads as cores makes up for the core that Node's
  // main thread takes while it polls Dawn. Hardware drivers ignore it.
  process.env["LP_NUM_THREADS"] ??= String(2 * os.availableParallelism());
  const flags = [
    "enable-dawn-features=allow_unsafe_apis",
    "disable-dawn-features=timestamp_quantization",
  ];
  if (options.adapter) flags.push(`adapter=${options.adapter}`);
  const gpu = create(flags);
  instances.push(gpu);
  const { onLost } = options;
  const device = await Device.open({ gpu, ...(onLost ? { onLost } : {}) });
  // The polling main thread yields to the driver's threads, which keep the priority they started with.
  if (device.isSoftware) os.setPriority(0, os.constants.priority.PRIORITY_LOW);
  return device;
}
