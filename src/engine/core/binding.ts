// What an adapter binds at once: views of tensors that are larger, and the error where no view helps. The limits
// themselves are the device's (maxStorageBufferBindingSize, maxBufferSize).

import { DeviceError } from "./errors.ts";
import type { Shape } from "./shape.ts";
import { bytesOf, itemBytes, storageOf, type Tensor } from "./tensor.ts";

/** Bytes; a binding begins at a multiple of this on every adapter. */
export const BINDING_ALIGNMENT = 256;

/** Elements of `tensor` from byte `offset` on, a multiple of BINDING_ALIGNMENT, as a tensor that is bound by itself. */
export function viewOf(tensor: Tensor, shape: Shape, offset: number): Tensor {
  const { label, dtype } = tensor;
  const parent = { storage: tensor.storage, offset };
  return {
    label,
    shape,
    dtype,
    storage: { ...storageOf(bytesOf(shape, dtype), label), parent },
  };
}

/** Flat views, one after another, of a flat tensor, none larger than `limit` bytes; itself where it fits. */
export function viewsWithin(tensor: Tensor, limit: number): readonly Tensor[] {
  const { bytes } = tensor.storage;
  if (bytes <= limit) return [tensor];
  const most = Math.floor(limit / BINDING_ALIGNMENT) * BINDING_ALIGNMENT;
  if (most < 1) throw bindingTooLarge(tensor.label, BINDING_ALIGNMENT, limit);
  return Array.from({ length: Math.ceil(bytes / most) }, (_, index) => {
    const offset = index * most;
    return viewOf(tensor, [Math.min(most, bytes - offset) / itemBytes(tensor.dtype)], offset);
  });
}

const SMALLER = {
  help: "use a smaller batch or model, or another adapter",
  remedies: ["batchSize", "adapter"],
};

export function bindingTooLarge(label: string, bytes: number, limit: number): DeviceError {
  const [needed, allowed] = [megabytes(bytes), megabytes(limit)];
  return new DeviceError(
    `device: ${label} needs ${needed} in one binding, this adapter allows ${allowed}`,
    SMALLER,
  );
}

export function bufferTooLarge(label: string, bytes: number, limit: number): DeviceError {
  const [needed, allowed] = [megabytes(bytes), megabytes(limit)];
  return new DeviceError(
    `device: ${label} needs a buffer of ${needed}, this adapter allows ${allowed}`,
    SMALLER,
  );
}

function megabytes(bytes: number): string {
  return bytes < 2 ** 16 ? `${bytes} bytes` : `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
