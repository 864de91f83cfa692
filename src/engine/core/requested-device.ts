// A device as it is asked of an adapter: with the features that kernels use where there are any, and the adapter's own limits,
// because WebGPU's defaults are far below most of them.

import { DeviceError } from "./errors.ts";
import { SUBGROUP_SIZE_CONTROL } from "./subgroups.ts";

const WANTED_FEATURES = ["subgroups", SUBGROUP_SIZE_CONTROL, "timestamp-query"];
/** Those that a device asks of its adapter in full; of others it gets WebGPU's defaults. */
export const WANTED_LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

export interface DeviceRequest {
  readonly gpu: GPU;
  readonly powerPreference?: GPUPowerPreference;
  readonly features?: readonly string[];
}

/** Of the adapter that the GPU object offers. Throws DeviceError when there is none, or it gives no device. */
export async function requestedDevice({
  gpu,
  powerPreference = "high-performance",
  features = [],
}: DeviceRequest): Promise<{ readonly handle: GPUDevice; readonly info: GPUAdapterInfo }> {
  const adapter = await gpu.requestAdapter({ powerPreference });
  if (!adapter) {
    throw new DeviceError("device: no WebGPU adapter was found", {
      help: "install a driver: on Debian, the package mesa-vulkan-drivers has one without a GPU",
      remedies: ["setup"],
    });
  }
  const requiredLimits = Object.fromEntries(
    WANTED_LIMITS.map((name) => [name, adapter.limits[name]]),
  );
  // The names of what is not a standard yet are none that its types know.
  const wanted = [...WANTED_FEATURES, ...features] as readonly GPUFeatureName[];
  const requiredFeatures = wanted.filter((name) => adapter.features.has(name));
  const request = adapter.requestDevice({ requiredFeatures, requiredLimits });
  const handle = await request.catch((cause: unknown) => {
    const name = adapter.info.description || adapter.info.device;
    throw new DeviceError(`device: ${name} cannot be opened, got ${cause}`, {
      help: "update its driver, or choose another adapter",
      remedies: ["adapter"],
      cause,
    });
  });
  return { handle, info: adapter.info };
}
