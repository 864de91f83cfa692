// Loaded before a command under test: breaks its device at the moment when stdout has said BREAK_AT. BREAK=lost destroys
// it, and tells of it as of a loss that nobody asked for; BREAK=memory raises what Dawn raises for a buffer without room;
// BREAK=limits only takes the adapter's larger limits away. BREAK_TIMES: so many devices, default all; BREAK_STREAM: stdout
// or stderr. Plain JavaScript, so that the compiled command needs no loader for it.

import { globals } from "webgpu";

Object.assign(globalThis, globals);

const manner = process.env["BREAK"];
const moment = process.env["BREAK_AT"] ?? "";
const { requestDevice } = GPUAdapter.prototype;
const stream = process.env["BREAK_STREAM"] === "stderr" ? process.stderr : process.stdout;
const write = stream.write.bind(stream);
let times = Number(process.env["BREAK_TIMES"] ?? "1000");

GPUAdapter.prototype.requestDevice = async function (descriptor = {}) {
  if (manner === "limits") return requestDevice.call(this, { ...descriptor, requiredLimits: {} });
  const device = await requestDevice.call(this, descriptor);
  if (times-- <= 0) return device;
  const { promise, breakIt } = breaker(device);
  Object.defineProperty(device, "lost", { value: promise });
  let said = "";
  stream.write = (/** @type {any} */ text, /** @type {any} */ written) => {
    const before = said.includes(moment);
    said += text;
    if (!before && said.includes(moment)) breakIt();
    return write(text, written);
  };
  return device;
};

/** @param {GPUDevice} device */
function breaker(device) {
  /** @type {(info: unknown) => void} */
  let tell = () => undefined;
  const promise = new Promise((resolve) => {
    tell = resolve;
  });
  const breakIt = () => {
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
