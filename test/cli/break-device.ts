// Loaded before a command under test: breaks its device at the moment when stdout has said BREAK_AT. BREAK=lost destroys
// it, and tells of it as of a loss that nobody asked for; BREAK=memory raises what Dawn raises for a buffer without room;
// BREAK=limits only takes the adapter's larger limits away. BREAK_TIMES: so many devices, default all; BREAK_STREAM: stdout
// or stderr.

import { globals } from "webgpu";

Object.assign(globalThis, globals);

const manner = process.env["BREAK"];
const moment = process.env["BREAK_AT"] ?? "";
const { requestDevice } = GPUAdapter.prototype;
const stream = process.env["BREAK_STREAM"] === "stderr" ? process.stderr : process.stdout;
const write = stream.write.bind(stream);
let times = Number(process.env["BREAK_TIMES"] ?? "1000");

GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, descriptor = {}) {
  if (manner === "limits") return requestDevice.call(this, { ...descriptor, requiredLimits: {} });
  const device = await requestDevice.call(this, descriptor);
  if (times-- <= 0) return device;
  const { promise, breakIt } = breaker(device);
  Object.defineProperty(device, "lost", { value: promise });
  let said = "";
  stream.write = ((text: string, written?: () => void): boolean => {
    const before = said.includes(moment);
    said += text;
    if (!before && said.includes(moment)) breakIt();
    return write(text, written);
  }) as typeof stream.write;
  return device;
};

function breaker(device: GPUDevice): { promise: Promise<unknown>; breakIt: () => void } {
  let tell = (_: unknown): void => undefined;
  const promise = new Promise((resolve) => {
    tell = resolve;
  });
  const breakIt = (): void => {
    if (manner === "lost") {
      device.destroy();
      tell({ reason: "unknown", message: "pulled out" });
    } else {
      const error = new GPUOutOfMemoryError("no room");
      device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
    }
  };
  return { promise, breakIt };
}
