// What became of a device, in words: lost by its driver, out of memory, or asked for what it cannot do.

import { DeviceError, DeviceLostError } from "./errors.ts";

/** Tells of every failure of the device, but for its being destroyed; one drags many behind it. */
export function onFailure(handle: GPUDevice, fail: (error: DeviceError) => void): void {
  handle.lost.then((lost) => {
    if (lost.reason !== "destroyed") fail(lossOf(lost));
  }, undefined);
  handle.addEventListener("uncapturederror", (event) => {
    // It would be printed.
    event.preventDefault();
    const { message } = event.error;
    const isOutOfMemory = event.error instanceof GPUOutOfMemoryError;
    fail(
      isOutOfMemory
        ? outOfMemory(message)
        : new DeviceError(`device: validation failed, got ${message}`),
    );
  });
}

function lossOf({ message, reason }: GPUDeviceLostInfo): DeviceError {
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
