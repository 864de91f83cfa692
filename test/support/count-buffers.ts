// Every buffer of a device, whoever made it, for tests of what is left there.

import type { Device } from "../../src/engine/core/device.ts";

/** Buffers that exist on the device now, from here on, until `end` is called. */
export function countBuffers({ handle }: Device): { readonly live: Set<GPUBuffer>; end(): void } {
  const live = new Set<GPUBuffer>();
  const create = handle.createBuffer;
  handle.createBuffer = (descriptor) => {
    const buffer = create.call(handle, descriptor);
    const { destroy } = buffer;
    buffer.destroy = () => {
      live.delete(buffer);
      return destroy.call(buffer);
    };
    live.add(buffer);
    return buffer;
  };
  return {
    live,
    end: () => {
      handle.createBuffer = create;
    },
  };
}
