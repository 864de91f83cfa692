// A tensor is data about data: a label, a shape, a dtype and the storage that holds its elements. It has no methods;
// ops are functions. Several tensors may share one storage (reshape), and several storages one GPU buffer (the planner).

import { type Shape, sizeOf } from "./shape.ts";

export type DType = "f32" | "f16" | "u32" | "u8";

/**
 * Memory for one or more tensors. Plain data: where it lies on a device is the device's to know. It is persistent (weights,
 * data set, metrics: there before a program runs and after it), or one program's own, and then that program's planner
 * finds room for it. Either may be a part of a `parent`, as a parameter is of the arena that the optimiser updates whole;
 * that is fixed before the program is finished, and the root decides what persists.
 */
export interface Storage {
  readonly label: string;
  /** A multiple of 16, so that every kernel may read whole vec4 words. */
  readonly bytes: number;
  readonly persistent: boolean;
  parent: { readonly storage: Storage; readonly offset: number } | null;
}

/** A shape over storage that may not have its place on the device yet; elements are row-major. */
export interface Tensor {
  readonly label: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly storage: Storage;
}

/** Bytes of one element. */
export function itemBytes(dtype: DType): number {
  if (dtype === "u8") return 1;
  return dtype === "f16" ? 2 : 4;
}

/** Room for `shape` elements of `dtype`, rounded up to whole vec4 words. */
export function bytesOf(shape: Shape, dtype: DType): number {
  return Math.max(16, Math.ceil((sizeOf(shape) * itemBytes(dtype)) / 16) * 16);
}

/** A storage that is one program's own. */
export function storageOf(bytes: number, label: string): Storage {
  return { label, bytes, persistent: false, parent: null };
}

/** A storage that outlives the programs that use it. */
export function persistentStorage(bytes: number, label: string): Storage {
  return { label, bytes, persistent: true, parent: null };
}

/** A tensor in a persistent storage of its own; `device.place` makes room for it. */
export function persistentTensor(shape: Shape, label: string, dtype: DType = "f32"): Tensor {
  return { label, shape, dtype, storage: persistentStorage(bytesOf(shape, dtype), label) };
}

/** The storage that a storage is finally a part of, and where in it (bytes). */
export function rootOf(storage: Storage): { readonly root: Storage; readonly offset: number } {
  let root = storage;
  let offset = 0;
  while (root.parent) {
    offset += root.parent.offset;
    root = root.parent.storage;
  }
  return { root, offset };
}

/** The storage that a tensor finally lies in. */
export function rootStorage(tensor: Tensor): Storage {
  return rootOf(tensor.storage).root;
}

/** The same elements under another shape; nothing is copied. */
export function reshaped(tensor: Tensor, shape: Shape): Tensor {
  return { ...tensor, shape };
}
