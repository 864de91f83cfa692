// A program is a training step (or any other run of kernels) written down: a flat list of dispatches, each knowing its
// op, layer, pass, kernel, grid, tensors, FLOPs and bytes. It is recorded once and replayed; everything else reads it.

import type { Kernel } from "../core/kernel.ts";
import type { Tensor } from "../core/tensor.ts";

export type Pass = "data" | "forward" | "backward" | "update" | "metric";

/** Workgroups in x, y, z; each at most 65,535. */
export type Grid = readonly [number, number, number];

export interface Dispatch {
  readonly op: string;
  readonly layer: string;
  readonly pass: Pass;
  readonly kernel: Kernel;
  readonly grid: Grid;
  /** Tensors by the name of the variable that the kernel binds them to. */
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly reads: readonly Tensor[];
  /** Tensors bound `read_write`; such a kernel may read them too. */
  readonly writes: readonly Tensor[];
  /** Values of the kernel's `Params`, by field. */
  readonly params: Readonly<Record<string, number>>;
  readonly flops: number;
  /** Bytes that the dispatch must move at least: every bound tensor once. */
  readonly bytes: number;
}

export interface Program {
  readonly name: string;
  readonly dispatches: readonly Dispatch[];
  /** Tensors that stay readable after the program has run. */
  readonly kept: readonly Tensor[];
}
