// One device for the whole run: opening an adapter takes a while, and drivers dislike many.

import type { Device } from "../../src/engine/core/device.ts";
import { openDevice } from "../../src/io/adapter.ts";

let device: Promise<Device> | null = null;

export function gpu(): Promise<Device> {
  device ??= openDevice();
  return device;
}
