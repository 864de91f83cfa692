// What became of a device, in words: lost by its driver, or out of memory.

import { DeviceError, DeviceLostError } from "./errors.ts";

export function lossOf({ message, reason }: GPUDeviceLostInfo): DeviceError {
  if (message.includes("OUT_OF_")) return outOfMemory(message);
  return new DeviceLostError(`device: was lost, got ${firstLine(message) || reason}`, {
    help: "run it again; if that happens again, update the driver or choose another adapter",
    remedies: ["adapter"],
  });
}

export function outOfMemory(message: string): DeviceError {
  return new DeviceError(`device: out of memory, got ${firstLine(message)}`, {
    help: "use a smaller batch, or another adapter",
    remedies: ["batchSize", "adapter"],
  });
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}
