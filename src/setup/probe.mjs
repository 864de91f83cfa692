// Runs in a process of its own: asks WebGPU for an adapter and a device, and prints what it got as
// one line of JSON. A driver that crashes or hangs takes only this process with it.
import { create } from "webgpu";

// Collected objects of Dawn abort the process: all stay reachable from this module until the end.
const kept = { gpu: create([]), devices: /** @type {GPUDevice[]} */ ([]) };

/** @param {GPURequestAdapterOptions} [options] */
async function ask(options) {
  const adapter = await kept.gpu.requestAdapter(options);
  if (!adapter) return null;
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  kept.devices.push(await adapter.requestDevice());
  const text = `${vendor} ${architecture} ${device} ${description}`;
  const isSoftware = isFallbackAdapter || /llvmpipe|lavapipe|swiftshader|softpipe/i.test(text);
  return { name: device || description || vendor, driver: description, isSoftware };
}

try {
  const first = await ask();
  const better = first?.isSoftware ? await ask({ powerPreference: "high-performance" }) : null;
  const found = better && !better.isSoftware ? better : first;
  process.stdout.write(`\n${JSON.stringify({ found })}\n`, () => process.exit(0));
} catch (error) {
  process.stderr.write(`${error}\n`, () => process.exit(1));
}
