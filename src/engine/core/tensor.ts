// A tensor is data about data: a label, a shape, a dtype and the storage that holds its elements. It has no methods;
// ops are functions. Several tensors may share one storage (reshape), and several storages one GPU buffer (the planner).

import { type Shape, sizeOf } from "./shape.ts";

export type DType = "f32" | "u32" | "u8";

/** A range of a GPU buffer. */
export interface Place {
  readonly buffer: GPUBuffer;
  /** In bytes; a multiple of 256. */
  readonly offset: number;
}

/**
 * Memory for one or more tensors, in one of three ways, fixed before a program is compiled: a `place` of its own
 * (weights, data set, metrics: lives as long as its owner), a part of a `parent` (a parameter within the arena that the
 * optimiser updates whole), or neither: then it is one program's own, and the program's planner finds room for it.
 */
export interface Storage {
  readonly label: string;
  /** A multiple of 16, so that every kernel may read whole vec4 words. */
  readonly bytes: number;
  place: Place | null;
  parent: { readonly storage: Storage; readonly offset: number } | null;
}

export interface Tensor {
  readonly label: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly storage: Storage;
}

/** Room for `shape` elements of `dtype`, rounded up to whole vec4 words. */
export function bytesOf(shape: Shape, dtype: DType): number {
  const bytes = sizeOf(shape) * (dtype === "u8" ? 1 : 4);
  return Math.max(16, Math.ceil(bytes / 16) * 16);
}

/** A storage without a place yet. */
export function storageOf(bytes: number, label: string): Storage {
  return { label, bytes, place: null, parent: null };
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

/** The same elements under another shape; nothing is copied. */
export function reshaped(tensor: Tensor, shape: Shape): Tensor {
  return { ...tensor, shape };
}
