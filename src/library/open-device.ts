// A device in Node for programs of one's own: the adapter that set-up found, or finds now.

import type { Device } from "../engine/core/device.ts";
import type { OpenOptions } from "../io/adapter.ts";
import { prepareProcess } from "../setup/set-up.mjs";

/**
 * Opens the adapter asked for, or the best there is: hardware, else the system's software Vulkan, else a software adapter that
 * is fetched once and kept in the cache. Needs no environment variables. Free it with `destroy()`.
 * @throws DeviceError when there is none
 */
export async function openDevice(options: OpenOptions = {}): Promise<Device> {
  await prepareProcess();
  // Loads Dawn, which looks for drivers at once.
  const { openDevice: open } = await import("../io/adapter.ts");
  return await open(options);
}
